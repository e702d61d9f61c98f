/*
 * Recent messageIds are in memory, in buckets by their keyed hashes; older ones are in the levels
 * in the file. A lookup searches both and compares the messageId itself on a hit. While memory
 * holds DEDUP_KEEP ids, its buckets move to the levels in turn, each within the transaction that
 * stores an event; so does a bucket that is full. The hashes of each complete block of events are
 * stored in one row, too, until all of them have moved: a start reads these rows instead of the
 * events. Fails on errors of the database and without memory.
 */
#include "outbox/dedup/dedup.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"

#define CACHE_LINE 64

_Static_assert(DEDUP_BUCKET_KEEP <= UINT8_MAX, "a bucket is counted in a byte");

uint64_t
dedup_key_of(const struct siphash_key *secret, int64_t site_id, struct slice message_id)
{
	struct siphash_key key = { secret->k0, secret->k1 ^ (uint64_t)site_id };

	return siphash(&key, message_id.p, message_id.n) >> (64 - DEDUP_KEY_BITS);
}

uint64_t
dedup_key(const struct dedup *d, int64_t site_id, struct slice message_id)
{
	return dedup_key_of(&d->secret, site_id, message_id);
}

static size_t
bucket_of(uint64_t key)
{
	return (size_t)(key >> (DEDUP_KEY_BITS - DEDUP_ROOT_BITS)) & (DEDUP_BUCKETS - 1);
}

/* ---- from memory to the levels --------------------------------------------------------------- */

static int
move_bucket(struct dedup *d, struct db *db, size_t bucket, struct err *e)
{
	size_t n = d->count[bucket];

	if (n == 0)
		return 0;
	dedup_entries_sort(d->recent[bucket], n);
	if (dedup_levels_put(&d->levels, db, bucket, d->recent[bucket], n, e) != 0)
		return -1;
	d->count[bucket] = 0;
	d->n -= n;
	return 0;
}

/*
 * Moves one bucket to the levels. After a full round the levels have all ids that memory held at
 * the start of the round.
 */
static int
move_next_bucket(struct dedup *d, struct db *db, struct err *e)
{
	if (d->hand == 0)
		d->began_at = d->last_added;
	if (move_bucket(d, db, d->hand, e) != 0)
		return -1;
	d->hand = (d->hand + 1) & (DEDUP_BUCKETS - 1);
	if (d->hand == 0) {
		d->floor = d->began_at;
		if (stmt_dedup_recent_drop(db, d->floor, e) != 0)
			return -1;
	}
	return stmt_dedup_memory_put(db,
	    &(struct stmt_dedup_memory_put){
		.hand = (int64_t)d->hand,
		.entries = (int64_t)d->n,
		.began_at = d->began_at,
		.floor = d->floor,
	    },
	    e);
}

static int
keep(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e)
{
	size_t bucket = bucket_of(key);

	if (d->count[bucket] == DEDUP_BUCKET_KEEP && move_bucket(d, db, bucket, e) != 0)
		return -1;
	d->recent[bucket][d->count[bucket]++] = dedup_entry(key, event_id);
	d->n++;
	d->last_added = event_id;
	while (d->n >= DEDUP_KEEP)
		if (move_next_bucket(d, db, e) != 0)
			return -1;
	return 0;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static int
write_block(const struct dedup *d, struct db *db, struct err *e)
{
	const struct stmt_dedup_recent_add in = {
		.block = d->block_number,
		.entries = { d->block, d->n_block * DEDUP_ENTRY_SIZE },
	};

	return d->n_block == 0 ? 0 : stmt_dedup_recent_add(db, &in, e);
}

/* Gets entry i of a row; false: the row has fewer. */
static bool
block_entry(const struct stmt_dedup_recent_row *row, size_t i, uint64_t *ret_key, int64_t *ret_id)
{
	uint64_t entry;

	if (i >= row->entries.n / DEDUP_ENTRY_SIZE)
		return false;
	entry = dedup_entry_read(row->entries.p + i * DEDUP_ENTRY_SIZE);
	*ret_key = entry >> DEDUP_BLOCK_BITS;
	*ret_id = row->block << DEDUP_BLOCK_BITS | (int64_t)(entry & (DEDUP_BLOCK_EVENTS - 1));
	return true;
}

int
dedup_add(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e)
{
	int64_t number = event_id >> DEDUP_BLOCK_BITS;
	uint64_t place = (uint64_t)event_id & (DEDUP_BLOCK_EVENTS - 1);

	if (event_id > DEDUP_ID_MAX)
		return err_set(e, ERR_LIMIT, "the database has used up its event ids");
	if (number != d->block_number) {
		if (write_block(d, db, e) != 0)
			return -1;
		d->n_block = 0;
		d->block_number = number;
	}
	dedup_entry_write(
	    key << DEDUP_BLOCK_BITS | place, d->block + d->n_block++ * DEDUP_ENTRY_SIZE);
	return keep(d, db, key, event_id, e);
}

/* ---- finding --------------------------------------------------------------------------------- */

static int
find_in_memory(struct dedup *d, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e)
{
	size_t bucket = bucket_of(key);
	const uint64_t *recent = d->recent[bucket];
	uint64_t low = dedup_entry_key(dedup_entry(key, 0));
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->count[bucket]; i++) {
		if (dedup_entry_key(recent[i]) != low)
			continue;
		rc = dedup_verify(db, dedup_entry_id(recent[i]), site_id, message_id, e);
		if (rc == 1)
			*ret_event_id = dedup_entry_id(recent[i]);
	}
	return rc;
}

void
dedup_prefetch(const struct dedup *d, uint64_t key)
{
	size_t bucket = bucket_of(key);
	const char *recent = (const char *)d->recent[bucket];

	for (size_t at = 0; at < d->count[bucket] * sizeof(uint64_t); at += CACHE_LINE)
		__builtin_prefetch(recent + at);
	dedup_levels_prefetch(&d->levels, key);
}

int
dedup_find(struct dedup *d, struct db *db, uint64_t key, int64_t site_id, struct slice message_id,
    int64_t *ret_event_id, struct err *e)
{
	int rc = find_in_memory(d, db, key, site_id, message_id, ret_event_id, e);

	return rc != 0
		   ? rc
		   : dedup_levels_find(&d->levels, db, key, site_id, message_id, ret_event_id, e);
}

int
dedup_find_recent(struct db *db, uint64_t key, int64_t site_id, struct slice message_id,
    int64_t *ret_event_id, struct err *e)
{
	struct db_rows rows = stmt_dedup_recent(db, e);
	struct stmt_dedup_recent_row row;
	int64_t event_id;
	uint64_t other;
	int found = 0, rc = 0;

	while (found == 0 && (rc = stmt_dedup_recent_next(&rows, &row, e)) == 1)
		for (size_t i = 0; found == 0 && block_entry(&row, i, &other, &event_id); i++)
			if (other == key)
				found = dedup_verify(db, event_id, site_id, message_id, e);
	db_rows_end(&rows);
	if (found == 1)
		*ret_event_id = event_id;
	return rc < 0 ? -1 : found;
}

/* ---- opening --------------------------------------------------------------------------------- */

int
dedup_secret(struct db *db, struct siphash_key *ret_secret, struct err *e)
{
	struct db_rows rows = stmt_dedup_secret(db, e);
	struct slice secret;
	int rc = stmt_dedup_secret_next(&rows, &secret, e);

	if (rc == 1 && secret.n == sizeof(*ret_secret))
		memcpy(ret_secret, secret.p, sizeof(*ret_secret));
	else if (rc == 1)
		rc = 0;
	db_rows_end(&rows);
	return rc;
}

static int
load_secret(struct dedup *d, struct db *db, struct err *e)
{
	struct siphash_key fresh;
	int rc;

	if (rand_system(&fresh, sizeof(fresh), e) != 0
	    || stmt_dedup_secret_add(db, (struct slice){ (const char *)&fresh, sizeof(fresh) }, e)
		   != 0)
		return -1;
	rc = dedup_secret(db, &d->secret, e);
	if (rc == 0)
		return err_set(e, ERR_IO, "the database has lost its dedup_secret");
	return rc < 0 ? -1 : 0;
}

/* Whether the levels already have the entry, because its bucket has moved there since. */
static bool
has_moved(const struct stmt_dedup_memory_row *left, uint64_t key, int64_t event_id)
{
	return event_id <= left->floor
	       || (event_id <= left->began_at && (int64_t)bucket_of(key) < left->hand);
}

static int
load_blocks(struct dedup *d, struct db *db, const struct stmt_dedup_memory_row *left, struct err *e)
{
	struct db_rows rows = stmt_dedup_recent(db, e);
	struct stmt_dedup_recent_row row;
	int64_t event_id;
	uint64_t key;
	int rc;

	while ((rc = stmt_dedup_recent_next(&rows, &row, e)) == 1)
		for (size_t i = 0; block_entry(&row, i, &key, &event_id); i++) {
			if (has_moved(left, key, event_id) || keep(d, db, key, event_id, e) == 0)
				continue;
			db_rows_end(&rows);
			return -1;
		}
	return rc;
}

/* The newest block has no row: its events are read. */
static int
load_events(struct dedup *d, struct db *db, const struct stmt_dedup_memory_row *left, struct err *e)
{
	struct db_rows rows = stmt_recent_keys(db, e);
	struct stmt_recent_keys_row row;
	int rc;

	while ((rc = stmt_recent_keys_next(&rows, &row, e)) == 1) {
		uint64_t key = dedup_key(d, row.site_id, row.message_id);

		if (has_moved(left, key, row.event_id)
		    || dedup_add(d, db, key, row.event_id, e) == 0)
			continue;
		db_rows_end(&rows);
		return -1;
	}
	return rc;
}

static int
load_memory(struct dedup *d, struct db *db, struct err *e)
{
	struct stmt_dedup_memory_row left = { 0 };

	if (stmt_dedup_memory(db, &left, e) < 0)
		return -1;
	memset(d->count, 0, sizeof(d->count));
	d->n = 0;
	d->hand = (size_t)left.hand & (DEDUP_BUCKETS - 1);
	d->began_at = d->last_added = left.began_at;
	d->floor = left.floor;
	d->n_block = 0;
	d->block_number = 0;
	return load_blocks(d, db, &left, e) == 0 ? load_events(d, db, &left, e) : -1;
}

int
dedup_load(struct dedup *d, struct db *db, struct err *e)
{
	if (db_exec(db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (dedup_levels_load(&d->levels, db, e) != 0 || load_memory(d, db, e) != 0
	    || db_exec(db, "COMMIT", e) != 0) {
		db_rollback(db);
		return err_wrap(e, "cannot load the recent messageIds");
	}
	return 0;
}

int
dedup_open(struct dedup *d, struct db *db, struct err *e)
{
	*d = (struct dedup){ .recent = calloc(DEDUP_BUCKETS, sizeof(*d->recent)) };
	if (d->recent == NULL)
		return err_nomem(e);
	if (dedup_levels_open(&d->levels, DEDUP_LEVEL_ENTRIES, e) != 0 || load_secret(d, db, e) != 0
	    || dedup_load(d, db, e) != 0) {
		dedup_close(d);
		return -1;
	}
	return 0;
}

void
dedup_close(struct dedup *d)
{
	dedup_levels_close(&d->levels);
	free(d->recent);
	d->recent = NULL;
}
