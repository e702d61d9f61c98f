/*
 * Entries in the file: levels, each eight times as large as the one above it.
 *
 * A level covers all keys, in buckets: rows of the table dedup_bucket. Level 1 has 1,024 of them,
 * and each bucket has eight below it. New entries go to level 1. Whenever a level has more entries
 * than its limit, the next of its buckets is emptied into the eight below it. An entry is therefore
 * written about five times at each level, always together with its neighbors, and it is in at most
 * one bucket of each level. One call writes at most 1 + 8 * DEDUP_LEVELS buckets.
 *
 * Entries of events that retention has removed are dropped when their bucket is rewritten; until
 * then they do no harm, because a lookup checks the event itself.
 */
#ifndef OUTBOX_DEDUP_LEVELS_H
#define OUTBOX_DEDUP_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "outbox/dedup/entry.h"
#include "outbox/dedup/filter.h"
#include "outbox/file/db.h"

#define DEDUP_LEVELS 8
#define DEDUP_ROOT_BITS 10 /* bits of a key that choose the bucket at level 1 */
#define DEDUP_FAN_BITS 3   /* more bits at each further level */
/* entries of level 1; each further level has eight times as many */
#define DEDUP_LEVEL_ENTRIES 200000
#define DEDUP_CHECKS 512 /* events checked at a level in one call */

struct dedup_run {
	uint64_t *entries;
	size_t n;
	size_t cap;
};

/* Writer's thread. */
struct dedup_levels {
	struct dedup_level {
		int64_t entries;
		int64_t hand; /* the bucket to be emptied next */
		struct dedup_filter filter;
	} level[DEDUP_LEVELS + 1]; /* from 1 */
	int64_t level_entries;     /* DEDUP_LEVEL_ENTRIES, except in tests */
	int64_t purged_to;         /* retention has removed no event above this one */
	int checks;                /* checks left in this call, at this level */
	struct dedup_run there, moving, merged;
	struct buf *blob;
};

int dedup_levels_open(struct dedup_levels *l, int64_t level_entries, struct err *e);
void dedup_levels_close(struct dedup_levels *l);
/* Loads the levels' state from the file again after a rollback. */
int dedup_levels_load(struct dedup_levels *l, struct db *db, struct err *e);

/* Adds sorted entries of one bucket of level 1. Call it inside a transaction. */
int dedup_levels_put(struct dedup_levels *l, struct db *db, uint64_t bucket,
    const uint64_t *entries, size_t n, struct err *e);

/* Prefetches what the filters of the levels say about the key. */
void dedup_levels_prefetch(const struct dedup_levels *l, uint64_t key);
/*
 * Finds the event of that site and messageId by its key. Returns 1, 0 (not found) or -1. Without
 * levels (NULL), for readers, it searches every possible level from the top: entries only move
 * down, so it also finds entries that move meanwhile.
 */
int dedup_levels_find(struct dedup_levels *l, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e);

/* Returns 1 when the event has this messageId, 0 when not, -1 on an error. */
int dedup_verify(
    struct db *db, int64_t event_id, int64_t site_id, struct slice message_id, struct err *e);

#endif
