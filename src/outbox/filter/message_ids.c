/*
 * Finds events by their messageId: in the newest block, in recent blocks, then in the levels.
 * Each hit is verified against the event's row. Where an erasure may have changed the messageId,
 * its hash does not help, and the filter compares each event instead. Fails on errors of the
 * database and without memory.
 */
#include "outbox/filter/message_ids.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"

void
message_ids_free(struct message_ids *m)
{
	free(m->ids);
	*m = (struct message_ids){ .n = 0 };
}

static int
append(struct message_ids *m, int64_t id, struct err *e)
{
	size_t cap = m->cap == 0 ? 8 : m->cap * 2;
	int64_t *ids;

	if (m->n < m->cap) {
		m->ids[m->n++] = id;
		return 0;
	}
	ids = realloc(m->ids, cap * sizeof(*ids));
	if (ids == NULL)
		return err_nomem(e);
	m->ids = ids;
	m->cap = cap;
	m->ids[m->n++] = id;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* ---- by the hash ---------------------------------------------------------------------------- */

/* Searches the newest block, which has no row yet. Returns 1, 0 (not found) or -1. */
static int
find_newest(struct db *db, int64_t site_id, struct slice message_id, int64_t *ret_id, struct err *e)
{
	struct db_rows rows = stmt_recent_event_of_message(db,
	    &(struct stmt_recent_event_of_message){ .site_id = site_id, .message_id = message_id },
	    e);
	int rc = stmt_recent_event_of_message_next(&rows, ret_id, e);

	db_rows_end(&rows);
	return rc;
}

/* Returns 1 with *ret_id, 0 (not found) or -1. */
static int
find_at_site(struct db *db, const struct siphash_key *secret, int64_t site_id,
    struct slice message_id, int64_t *ret_id, struct err *e)
{
	uint64_t key = dedup_key_of(secret, site_id, message_id);
	int rc = find_newest(db, site_id, message_id, ret_id, e);

	/* In the order in which an event moves: wherever it is meanwhile, it is found. */
	if (rc == 0)
		rc = dedup_find_recent(db, key, site_id, message_id, ret_id, e);
	return rc != 0 ? rc : dedup_levels_find(NULL, db, key, site_id, message_id, ret_id, e);
}

/* Returns 1 or -1. */
static int
find_at_sites(struct db *db, const struct siphash_key *secret, struct slice message_id,
    struct message_ids *found, struct err *e)
{
	struct db_rows rows = stmt_site_ids(db, e);
	int64_t site_id, id;
	int rc;

	while ((rc = stmt_site_ids_next(&rows, &site_id, e)) == 1) {
		rc = find_at_site(db, secret, site_id, message_id, &id, e);
		if (rc < 0 || (rc == 1 && append(found, id, e) != 0)) {
			db_rows_end(&rows);
			return -1;
		}
	}
	return rc < 0 ? -1 : 1;
}

int
message_ids_find(
    struct db *db, struct slice message_id, struct message_ids *ret_found, struct err *e)
{
	struct siphash_key secret;
	int rc;

	*ret_found = (struct message_ids){ .n = 0 };
	if (memmem(message_id.p, message_id.n, ERASE_WORD, strlen(ERASE_WORD)) != NULL)
		return 0;
	rc = dedup_secret(db, &secret, e);
	if (rc == 1)
		rc = find_at_sites(db, &secret, message_id, ret_found, e);
	if (rc == 1 && ret_found->n > 0)
		qsort(ret_found->ids, ret_found->n, sizeof(*ret_found->ids), compare);
	if (rc < 0)
		message_ids_free(ret_found);
	return rc;
}
