/*
 * Recent messageIds are in a table in memory, in the order of their keyed hashes; older ones are in
 * the table message_key. A lookup searches both and compares the messageId itself on a hit. When
 * memory holds more than DEDUP_KEEP ids, a sweep over the table moves ids out in order, in steps
 * within the transactions that store events. Fails on errors of the database and without memory.
 */
#include "outbox/write/dedup.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"

#define SLOT_BITS 17
#define SLOT_MASK (DEDUP_SLOTS - 1)

_Static_assert(DEDUP_SLOTS == 1 << SLOT_BITS, "a slot is named by the top bits of a key");
_Static_assert(DEDUP_KEEP * 4 <= DEDUP_SLOTS, "clusters stay short");

/* The top bits give the slot, so that slots are in the order of keys. Ahead of the sweep the table
 * is twice as full as on average, so it may keep at most a quarter of its slots. */
static size_t
home_of(uint64_t key)
{
	return (size_t)(key >> (64 - SLOT_BITS));
}

uint64_t
dedup_key_of(const struct siphash_key *secret, int64_t site_id, struct slice message_id)
{
	struct siphash_key key = { secret->k0, secret->k1 ^ (uint64_t)site_id };

	return siphash(&key, message_id.p, message_id.n);
}

uint64_t
dedup_key(const struct dedup *d, int64_t site_id, struct slice message_id)
{
	return dedup_key_of(&d->secret, site_id, message_id);
}

static void
memory_insert(struct dedup *d, uint64_t key, int64_t event_id)
{
	size_t i = home_of(key);

	while (d->slots[i].event_id != 0)
		i = (i + 1) & SLOT_MASK;
	d->slots[i] = (struct dedup_slot){ key, event_id };
	d->n++;
}

/* Frees slot i and moves later entries into the gap, so that lookups need no deletion marks. */
static void
memory_remove(struct dedup *d, size_t i)
{
	size_t hole = i, j = i;

	for (;;) {
		j = (j + 1) & SLOT_MASK;
		if (d->slots[j].event_id == 0)
			break;
		/* An entry may move back into the hole unless its home slot lies behind the
		 * hole. */
		if (((j - home_of(d->slots[j].key)) & SLOT_MASK) >= ((j - hole) & SLOT_MASK)) {
			d->slots[hole] = d->slots[j];
			hole = j;
		}
	}
	d->slots[hole] = (struct dedup_slot){ 0 };
	d->n--;
}

static int
move_slot(struct dedup *d, struct db *db, size_t i, struct err *e)
{
	const struct stmt_message_key_put in = {
		.message_key = (int64_t)d->slots[i].key,
		.event_id = d->slots[i].event_id,
	};

	if (stmt_message_key_put(db, &in, e) != 0)
		return -1;
	memory_remove(d, i);
	return 0;
}

/* Moves DEDUP_STEP ids in the order of their keys. A full round has moved all ids that were there
 * at its start. */
static int
sweep(struct dedup *d, struct db *db, struct err *e)
{
	size_t target = d->n - DEDUP_STEP;

	while (d->n > target) {
		if (d->hand == 0 && d->pass_began_at == 0)
			d->pass_began_at = d->last_added;
		while (d->n > target && d->slots[d->hand].event_id != 0)
			if (move_slot(d, db, d->hand, e) != 0)
				return -1;
		if (d->n == target)
			return 0;
		d->hand = (d->hand + 1) & SLOT_MASK;
		if (d->hand == 0) {
			if (stmt_dedup_set_floor(db, d->pass_began_at, e) != 0)
				return -1;
			d->pass_began_at = 0;
		}
	}
	return 0;
}

int
dedup_add(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e)
{
	memory_insert(d, key, event_id);
	d->last_added = event_id;
	if (d->n < DEDUP_KEEP + DEDUP_STEP)
		return 0;
	return sweep(d, db, e);
}

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

int
dedup_find_in_table(struct db *db, uint64_t key, int64_t *ret_event_id, struct err *e)
{
	return stmt_message_key_get(db, (int64_t)key, ret_event_id, e);
}

int
dedup_find(struct dedup *d, struct db *db, uint64_t key, int64_t site_id, struct slice message_id,
    int64_t *ret_event_id, struct err *e)
{
	int64_t event_id;
	int rc;

	for (size_t i = home_of(key); d->slots[i].event_id != 0; i = (i + 1) & SLOT_MASK) {
		if (d->slots[i].key != key)
			continue;
		event_id = d->slots[i].event_id;
		rc = dedup_verify(db, event_id, site_id, message_id, e);
		if (rc == 1)
			*ret_event_id = event_id;
		if (rc != 0)
			return rc;
	}
	rc = dedup_find_in_table(db, key, &event_id, e);
	if (rc == 1)
		rc = dedup_verify(db, event_id, site_id, message_id, e);
	if (rc == 1)
		*ret_event_id = event_id;
	return rc;
}

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

static int
load_rows(struct dedup *d, struct db *db, struct err *e)
{
	struct db_rows rows = stmt_recent_keys(db, e);
	struct stmt_recent_keys_row row;
	int rc;

	while ((rc = stmt_recent_keys_next(&rows, &row, e)) == 1)
		if (dedup_add(d, db, (uint64_t)row.message_key, row.event_id, e) != 0) {
			db_rows_end(&rows);
			return -1;
		}
	return rc;
}

int
dedup_load(struct dedup *d, struct db *db, struct err *e)
{
	memset(d->slots, 0, DEDUP_SLOTS * sizeof(*d->slots));
	d->n = 0;
	d->hand = 0;
	d->pass_began_at = 0;
	d->last_added = 0;
	if (db_exec(db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (load_rows(d, db, e) != 0 || db_exec(db, "COMMIT", e) != 0) {
		db_exec(db, "ROLLBACK", NULL);
		return err_wrap(e, "cannot load the recent messageIds");
	}
	return 0;
}

int
dedup_open(struct dedup *d, struct db *db, struct err *e)
{
	*d = (struct dedup){ .slots = calloc(DEDUP_SLOTS, sizeof(*d->slots)) };
	if (d->slots == NULL)
		return err_nomem(e);
	if (load_secret(d, db, e) != 0 || dedup_load(d, db, e) != 0) {
		dedup_close(d);
		return -1;
	}
	return 0;
}

void
dedup_close(struct dedup *d)
{
	free(d->slots);
	d->slots = NULL;
}
