/*
 * Entries in the file: levels, each eight times as large as the one above it.
 *
 * A level covers all keys, in buckets: rows of the table dedup_bucket. Level 1 has 1,024 of them,
 * and each bucket has eight below it. What comes in goes to level 1. Whenever a level has more
 * entries than it should, one of its buckets, the next in turn, is emptied into its eight below.
 * So an entry is written again some five times a level, always among its neighbors, and is at any
 * time in one bucket of each level at most. One call writes 1 + 8 * DEDUP_LEVELS buckets at most.
 *
 * Entries of events that retention has removed are dropped where they are met; until then they do
 * no harm, because whoever finds an entry asks the event itself.
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
#define DEDUP_ROOT_BITS 10         /* of a key: the bucket of level 1 */
#define DEDUP_FAN_BITS 3           /* a bucket has so many more bits in the next level */
#define DEDUP_LEVEL_ENTRIES 200000 /* of level 1; each further one has eight times as many */
#define DEDUP_CHECKS 512           /* events asked for at a level, in one call */

struct dedup_run {
	uint64_t *entries;
	size_t n;
	size_t cap;
};

/* Writer's thread. */
struct dedup_levels {
	struct dedup_level {
		int64_t entries;
		int64_t hand; /* the bucket that is emptied next */
		struct dedup_filter filter;
	} level[DEDUP_LEVELS + 1]; /* from 1 */
	int64_t level_entries;     /* DEDUP_LEVEL_ENTRIES, but for tests */
	int64_t purged_to;         /* retention has removed no event above it */
	int checks;                /* left in this call, at this level */
	struct dedup_run there, moving, merged;
	struct buf *blob;
};

int dedup_levels_open(struct dedup_levels *l, int64_t level_entries, struct err *e);
void dedup_levels_close(struct dedup_levels *l);
/* Reads again what a rollback made wrong. */
int dedup_levels_load(struct dedup_levels *l, struct db *db, struct err *e);

/* Puts sorted entries of one bucket of level 1, inside a transaction. */
int dedup_levels_put(struct dedup_levels *l, struct db *db, uint64_t bucket,
    const uint64_t *entries, size_t n, struct err *e);

/*
 * The event of that site and messageId, whose key it is: 1, 0, -1. Without levels (NULL), for
 * readers, it looks at all that there can be, from the top: entries only go down, so it finds what
 * moves meanwhile.
 */
int dedup_levels_find(struct dedup_levels *l, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e);

/* Is event_id really this message? 1, 0, -1. */
int dedup_verify(
    struct db *db, int64_t event_id, int64_t site_id, struct slice message_id, struct err *e);

#endif
