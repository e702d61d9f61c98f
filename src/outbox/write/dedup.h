/*
 * Finds out whether a site already has a messageId.
 *
 * Indexing random ids immediately would dirty a page for each event (doc/sqlite.md: 28,500 rows a
 * second instead of 131,000). Recent ids are therefore kept in a bounded hash table in memory,
 * ordered by hash; a sweep moves them to the table message_key in sorted steps, which dirties few
 * pages. Keys are SipHash values under a secret kept in the file, so nobody can cause collisions; a
 * hit is verified against the event's own row.
 *
 * A crash loses nothing: each delivery row has the hash of its event, and `meta` has the last event
 * up to which message_key is complete. A start reads the rest again, at most about 65,000 narrow
 * rows whatever the backlog.
 *
 * Writer thread.
 */
#ifndef OUTBOX_WRITE_DEDUP_H
#define OUTBOX_WRITE_DEDUP_H

#include <stdint.h>

#include "base/siphash.h"
#include "base/slice.h"
#include "outbox/file/db.h"

#define DEDUP_SLOTS 131072
#define DEDUP_KEEP 32768 /* ids kept in memory */
#define DEDUP_STEP 1024  /* ids moved in one step, when memory holds that many more */

struct dedup_slot {
	uint64_t key;
	int64_t event_id; /* 0: free */
};

struct dedup {
	struct siphash_key secret;
	struct dedup_slot *slots;
	size_t n;
	size_t hand;           /* the slot where the sweep continues */
	int64_t last_added;    /* event id */
	int64_t pass_began_at; /* last_added when the sweep left slot 0 */
};

/* Reads or creates the secret, then loads the recent ids. Call it outside of transactions. */
int dedup_open(struct dedup *d, struct db *db, struct err *e);
void dedup_close(struct dedup *d);
/* Empties the table in memory and loads the ids that message_key lacks. Also used after a
 * rollback. */
int dedup_load(struct dedup *d, struct db *db, struct err *e);

uint64_t dedup_key(const struct dedup *d, int64_t site_id, struct slice message_id);
/* Returns 1 when the site has it (*ret_event_id), 0 when not, -1 on an error. */
int dedup_find(struct dedup *d, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e);
/* Records a new event; ids must ascend. Call it inside the transaction that stores the event. */
int dedup_add(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e);

/* ---- for outbox/filter/message_ids.c, on any connection -------------------------------------- */

/* Returns 1; 0 when the file has no secret; -1 on an error. */
int dedup_secret(struct db *db, struct siphash_key *ret_secret, struct err *e);
uint64_t dedup_key_of(const struct siphash_key *secret, int64_t site_id, struct slice message_id);
/* Finds the event that message_key has for a key, without comparing the messageId. Returns 1, 0 or
 * -1. */
int dedup_find_in_table(struct db *db, uint64_t key, int64_t *ret_event_id, struct err *e);
/* Whether event_id has this messageId: 1, 0, or -1 on an error. */
int dedup_verify(
    struct db *db, int64_t event_id, int64_t site_id, struct slice message_id, struct err *e);

#endif
