/*
 * Buckets in the file. A bucket is read, merged with new entries, cleared of entries whose events
 * are gone, and written back. Fails on errors of the database and without memory; the caller then
 * rolls back and loads again.
 */
#include "outbox/dedup/levels.h"

#include <stdlib.h>

#include "base/buf.h"

#define BUCKET_ID_BITS 40
#define DEDUP_LEARN 8 /* number of buckets whose filters are built together */
#define BLOB_MAX (64u << 20)

/*
 * The filters of each level: bytes and hash functions for one bucket. With 10 million events a new
 * key passes on average 0.3 filters of all levels, and each pass reads a page. Level 4 begins at
 * 14 million events.
 */
static const struct {
	size_t size;
	unsigned hashes;
} filters[DEDUP_LEVELS + 1] = {
	[1] = { 256, 3 }, [2] = { 192, 4 }, [3] = { 48, 2 }, [4] = { 4, 2 }
};

_Static_assert(DEDUP_ROOT_BITS + DEDUP_FAN_BITS * (DEDUP_LEVELS - 1) < DEDUP_KEY_BITS,
    "each level has keys to tell apart");
_Static_assert(
    DEDUP_KEY_BITS - DEDUP_ROOT_BITS + DEDUP_ID_BITS == 64, "an entry has the rest of its key");

static int
bits_of(int level)
{
	return DEDUP_ROOT_BITS + DEDUP_FAN_BITS * (level - 1);
}

static int64_t
capacity_of(const struct dedup_levels *l, int level)
{
	return l->level_entries << (DEDUP_FAN_BITS * (level - 1));
}

static int64_t
bucket_id(int level, uint64_t bucket)
{
	return (int64_t)level << BUCKET_ID_BITS | (int64_t)bucket;
}

/* ---- memory --------------------------------------------------------------------------------- */

int
dedup_levels_open(struct dedup_levels *l, int64_t level_entries, struct err *e)
{
	*l = (struct dedup_levels){
		.level_entries = level_entries,
		.blob = calloc(1, sizeof(*l->blob)),
	};
	if (l->blob == NULL)
		return err_nomem(e);
	buf_init(l->blob, BLOB_MAX);
	for (int i = 1; i <= DEDUP_LEVELS; i++)
		if (dedup_filter_open(&l->level[i].filter, (size_t)1 << bits_of(i), filters[i].size,
			filters[i].hashes, e)
		    != 0) {
			dedup_levels_close(l);
			return -1;
		}
	return 0;
}

void
dedup_levels_close(struct dedup_levels *l)
{
	for (int i = 1; i <= DEDUP_LEVELS; i++)
		dedup_filter_close(&l->level[i].filter);
	if (l->blob != NULL)
		buf_free(l->blob);
	free(l->blob);
	free(l->there.entries);
	free(l->moving.entries);
	free(l->merged.entries);
	*l = (struct dedup_levels){ 0 };
}

int
dedup_levels_load(struct dedup_levels *l, struct db *db, struct err *e)
{
	struct stmt_dedup_levels_row row;
	struct db_rows rows;
	int rc;

	for (int i = 1; i <= DEDUP_LEVELS; i++) {
		l->level[i].entries = l->level[i].hand = 0;
		dedup_filter_forget(&l->level[i].filter);
	}
	rows = stmt_dedup_levels(db, e);
	while ((rc = stmt_dedup_levels_next(&rows, &row, e)) == 1) {
		if (row.level < 1 || row.level > DEDUP_LEVELS)
			continue;
		l->level[row.level].entries = row.entries;
		l->level[row.level].hand = row.hand & ((INT64_C(1) << bits_of((int)row.level)) - 1);
	}
	return rc;
}

static int
run_reserve(struct dedup_run *run, size_t n, struct err *e)
{
	uint64_t *entries;

	if (n <= run->cap)
		return 0;
	n += n / 2;
	entries = realloc(run->entries, n * sizeof(*entries));
	if (entries == NULL)
		return err_nomem(e);
	run->entries = entries;
	run->cap = n;
	return 0;
}

/* ---- one bucket ----------------------------------------------------------------------------- */

static int
run_set(struct dedup_run *run, struct slice blob, struct err *e)
{
	size_t n = blob.n / DEDUP_ENTRY_SIZE;

	if (run_reserve(run, n, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		run->entries[i] = dedup_entry_read(blob.p + i * DEDUP_ENTRY_SIZE);
	run->n = n;
	return 0;
}

/* Reads no entries when there is no row. */
static int
read_bucket(struct db *db, int64_t id, struct dedup_run *run, struct err *e)
{
	struct db_rows rows = stmt_dedup_bucket_get(db, id, e);
	struct slice blob;
	int rc = stmt_dedup_bucket_get_next(&rows, &blob, e);

	run->n = 0;
	if (rc == 1)
		rc = run_set(run, blob, e);
	db_rows_end(&rows);
	return rc;
}

static int
write_bucket(struct dedup_levels *l, struct db *db, int64_t id, struct err *e)
{
	const struct dedup_run *run = &l->merged;
	char *p;

	if (run->n == 0)
		return stmt_dedup_bucket_drop(db, id, e);
	buf_clear(l->blob);
	p = buf_reserve(l->blob, run->n * DEDUP_ENTRY_SIZE);
	if (p == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < run->n; i++)
		dedup_entry_write(run->entries[i], p + i * DEDUP_ENTRY_SIZE);
	return stmt_dedup_bucket_put(db,
	    &(struct stmt_dedup_bucket_put){
		.bucket_id = id,
		.entries = { p, run->n * DEDUP_ENTRY_SIZE },
	    },
	    e);
}

/*
 * Drops entries of events that retention has removed; checks at most as many events as this call
 * still may.
 */
static int
drop_gone(struct dedup_levels *l, struct db *db, struct err *e)
{
	struct dedup_run *run = &l->merged;
	size_t n = 0;

	for (size_t i = 0; i < run->n; i++) {
		int64_t event_id = dedup_entry_id(run->entries[i]);
		int there = 1;

		if (event_id <= l->purged_to && l->checks > 0) {
			l->checks--;
			there = stmt_dedup_event_exists(db, event_id, e);
		}
		if (there < 0)
			return -1;
		if (there == 1)
			run->entries[n++] = run->entries[i];
	}
	run->n = n;
	return 0;
}

static int
merge_into(struct dedup_levels *l, struct db *db, int level, uint64_t bucket,
    const uint64_t *entries, size_t n, struct err *e)
{
	struct dedup_level *to = &l->level[level];
	int64_t id = bucket_id(level, bucket);

	if (read_bucket(db, id, &l->there, e) != 0
	    || run_reserve(&l->merged, l->there.n + n, e) != 0)
		return -1;
	l->merged.n =
	    dedup_entries_merge(l->there.entries, l->there.n, entries, n, l->merged.entries);
	if (drop_gone(l, db, e) != 0 || write_bucket(l, db, id, e) != 0)
		return -1;
	dedup_filter_learn(&to->filter, bucket, l->merged.entries, l->merged.n);
	to->entries += (int64_t)l->merged.n - (int64_t)l->there.n;
	return 0;
}

/* ---- from level to level --------------------------------------------------------------------- */

static int
write_level(struct dedup_levels *l, struct db *db, int level, struct err *e)
{
	return stmt_dedup_level_put(db,
	    &(struct stmt_dedup_level_put){
		.level = level,
		.hand = l->level[level].hand,
		.entries = l->level[level].entries,
	    },
	    e);
}

/* Returns which of the eight buckets below an entry belongs to. */
static uint64_t
child_of(int level, uint64_t entry)
{
	int shift = DEDUP_KEY_BITS - bits_of(level + 1);

	return dedup_entry_key(entry) >> shift & ((1u << DEDUP_FAN_BITS) - 1);
}

static int
distribute(struct dedup_levels *l, struct db *db, int level, uint64_t bucket, struct err *e)
{
	const struct dedup_run *run = &l->moving;

	for (size_t i = 0, end; i < run->n; i = end) {
		uint64_t child = child_of(level, run->entries[i]);

		for (end = i; end < run->n && child_of(level, run->entries[end]) == child;)
			end++;
		if (merge_into(l, db, level + 1, bucket << DEDUP_FAN_BITS | child, run->entries + i,
			end - i, e)
		    != 0)
			return -1;
	}
	return 0;
}

static int
empty_next_bucket(struct dedup_levels *l, struct db *db, int level, struct err *e)
{
	struct dedup_level *from = &l->level[level];
	uint64_t bucket = (uint64_t)from->hand;
	int64_t id = bucket_id(level, bucket);

	from->hand = (from->hand + 1) & ((INT64_C(1) << bits_of(level)) - 1);
	if (read_bucket(db, id, &l->moving, e) != 0)
		return -1;
	if (l->moving.n == 0)
		return write_level(l, db, level, e);
	if (stmt_dedup_bucket_drop(db, id, e) != 0)
		return -1;
	from->entries -= (int64_t)l->moving.n;
	dedup_filter_learn(&from->filter, bucket, NULL, 0);
	l->checks = DEDUP_CHECKS;
	if (distribute(l, db, level, bucket, e) != 0 || write_level(l, db, level, e) != 0)
		return -1;
	return write_level(l, db, level + 1, e);
}

int
dedup_levels_put(struct dedup_levels *l, struct db *db, uint64_t bucket, const uint64_t *entries,
    size_t n, struct err *e)
{
	if (stmt_dedup_purged_to(db, &l->purged_to, e) < 0)
		return -1;
	l->checks = DEDUP_CHECKS;
	if (merge_into(l, db, 1, bucket, entries, n, e) != 0 || write_level(l, db, 1, e) != 0)
		return -1;
	/* A bucket holds more than arrives in one call, so emptying one bucket of each level keeps
	 * up. */
	for (int level = 1; level < DEDUP_LEVELS; level++)
		if (l->level[level].entries > capacity_of(l, level)
		    && empty_next_bucket(l, db, level, e) != 0)
			return -1;
	return 0;
}

/* ---- finding -------------------------------------------------------------------------------- */

int
dedup_verify(
    struct db *db, int64_t event_id, int64_t site_id, struct slice message_id, struct err *e)
{
	return stmt_event_is_message(db,
	    &(struct stmt_event_is_message){
		.event_id = event_id,
		.site_id = site_id,
		.message_id = message_id,
	    },
	    e);
}

/* The messageId that a lookup searches for. */
struct wanted {
	uint64_t low; /* low bits of the key, as in an entry */
	int64_t site_id;
	struct slice message_id;
};

static int
find_in_blob(
    struct db *db, struct slice blob, const struct wanted *w, int64_t *ret_event_id, struct err *e)
{
	size_t n = blob.n / DEDUP_ENTRY_SIZE;
	size_t i = dedup_entries_find(blob.p, n, dedup_entry(w->low, 0));
	int rc = 0;

	for (; rc == 0 && i < n; i++) {
		uint64_t entry = dedup_entry_read(blob.p + i * DEDUP_ENTRY_SIZE);

		if (dedup_entry_key(entry) != w->low)
			break;
		rc = dedup_verify(db, dedup_entry_id(entry), w->site_id, w->message_id, e);
		if (rc == 1)
			*ret_event_id = dedup_entry_id(entry);
	}
	return rc;
}

/*
 * Builds the filters of a bucket and its seven neighbors together. Their rows share one or two
 * pages, so a start on a cold disk reads an eighth of the pages.
 */
static int
learn(struct dedup_levels *l, struct db *db, int level, uint64_t bucket, struct err *e)
{
	struct dedup_filter *filter = &l->level[level].filter;
	uint64_t first = bucket & ~(uint64_t)(DEDUP_LEARN - 1);
	struct stmt_dedup_buckets_row row;
	struct db_rows rows;
	int rc;

	for (uint64_t i = first; i < first + DEDUP_LEARN; i++)
		dedup_filter_learn(filter, i, NULL, 0);
	rows = stmt_dedup_buckets(db,
	    &(struct stmt_dedup_buckets){
		.first = bucket_id(level, first),
		.last = bucket_id(level, first + DEDUP_LEARN - 1),
	    },
	    e);
	while ((rc = stmt_dedup_buckets_next(&rows, &row, e)) == 1) {
		if (run_set(&l->there, row.entries, e) != 0) {
			db_rows_end(&rows);
			rc = -1;
			break;
		}
		dedup_filter_learn(filter, first + (uint64_t)row.bucket_id % DEDUP_LEARN,
		    l->there.entries, l->there.n);
	}
	if (rc != 0) /* a filter built from half of its entries would hide the others */
		dedup_filter_forget(filter);
	return rc;
}

static int
find_in_bucket(struct db *db, int level, uint64_t bucket, const struct wanted *w,
    int64_t *ret_event_id, struct err *e)
{
	struct db_rows rows = stmt_dedup_bucket_get(db, bucket_id(level, bucket), e);
	struct slice blob = SLICE_NONE;
	int rc = stmt_dedup_bucket_get_next(&rows, &blob, e);

	if (rc == 1)
		rc = find_in_blob(db, blob, w, ret_event_id, e);
	db_rows_end(&rows);
	return rc;
}

/* Returns 1 (found), 0 (not found) or -1. */
static int
may_have(
    struct dedup_levels *l, struct db *db, int level, uint64_t bucket, uint64_t low, struct err *e)
{
	struct dedup_filter *filter = &l->level[level].filter;

	if (l->level[level].entries == 0)
		return 0;
	if (filter->size > 0 && !dedup_filter_knows(filter, bucket)
	    && learn(l, db, level, bucket, e) != 0)
		return -1;
	return dedup_filter_may_have(filter, bucket, low);
}

void
dedup_levels_prefetch(const struct dedup_levels *l, uint64_t key)
{
	uint64_t low = dedup_entry_key(dedup_entry(key, 0));

	for (int level = 1; level <= DEDUP_LEVELS; level++)
		if (l->level[level].entries > 0)
			dedup_filter_prefetch(
			    &l->level[level].filter, key >> (DEDUP_KEY_BITS - bits_of(level)), low);
}

int
dedup_levels_find(struct dedup_levels *l, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e)
{
	const struct wanted w = {
		.low = dedup_entry_key(dedup_entry(key, 0)),
		.site_id = site_id,
		.message_id = message_id,
	};
	int rc = 0;

	for (int level = 1; rc == 0 && level <= DEDUP_LEVELS; level++) {
		uint64_t bucket = key >> (DEDUP_KEY_BITS - bits_of(level));

		rc = l == NULL ? 1 : may_have(l, db, level, bucket, w.low, e);
		if (rc == 1)
			rc = find_in_bucket(db, level, bucket, &w, ret_event_id, e);
	}
	return rc;
}
