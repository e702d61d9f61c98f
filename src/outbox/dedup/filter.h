/*
 * Tells which keys a level may contain: one small Bloom filter in memory for each bucket.
 *
 * A filter is built whenever its bucket is read or written; until then it answers that any key may
 * be there. The file stores no filter, and a start builds none. After a rollback all filters are
 * forgotten.
 *
 * Writer's thread.
 */
#ifndef OUTBOX_DEDUP_FILTER_H
#define OUTBOX_DEDUP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dedup_filter {
	size_t size; /* bytes for each bucket, a multiple of 4; 0: there is no filter */
	size_t buckets;
	unsigned hashes;
	uint32_t *words;
	unsigned char *known; /* a bit for each bucket */
};

/* Forgets all buckets. */
int dedup_filter_open(
    struct dedup_filter *f, size_t buckets, size_t size, unsigned hashes, struct err *e);
void dedup_filter_close(struct dedup_filter *f);
void dedup_filter_forget(struct dedup_filter *f);

bool dedup_filter_knows(const struct dedup_filter *f, uint64_t bucket);
/* Returns false when the bucket certainly has no entry with these low bits of a key. */
bool dedup_filter_may_have(const struct dedup_filter *f, uint64_t bucket, uint64_t low);
/* Prefetches what dedup_filter_may_have reads. */
void dedup_filter_prefetch(const struct dedup_filter *f, uint64_t bucket, uint64_t low);
/* Builds the filter of a bucket that has exactly these entries. */
void dedup_filter_learn(struct dedup_filter *f, uint64_t bucket, const uint64_t *entries, size_t n);

#endif
