/*
 * Which messageIds a site already has.
 *
 * Indexing random ids at once costs a dirty page for each event (doc/sqlite.md: 28,500 rows a
 * second instead of 131,000). So recent ids live in a bounded hash table in memory, ordered by
 * hash; a hand sweeps over it and moves them to the table message_key in sorted slices, which
 * dirties few pages. Keys are SipHash values under a key kept in the file, so nobody can make them
 * collide; a hit is verified against the event's own row.
 *
 * Nothing is lost in a crash: the hash of each event stands in its delivery row, and `meta` knows
 * up to which event all of them are in message_key; the rest is read again at start, at most some
 * 65,000 narrow rows however large the backlog is.
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
#define DEDUP_STEP 1024  /* ids moved at once, when there are that many more */

struct dedup_slot {
	uint64_t key;
	int64_t event_id; /* 0: free */
};

struct dedup {
	struct siphash_key secret;
	struct dedup_slot *slots;
	size_t n;
	size_t hand;           /* the slot that the sweep looks at next */
	int64_t last_added;    /* event id */
	int64_t pass_began_at; /* last_added when the hand left slot 0 */
};

/* Reads or makes the secret, then loads. In no transaction. */
int dedup_open(struct dedup *d, struct db *db, struct err *e);
void dedup_close(struct dedup *d);
/* Empties the table in memory and reloads the ids that message_key lacks; also after a rollback. */
int dedup_load(struct dedup *d, struct db *db, struct err *e);

uint64_t dedup_key(const struct dedup *d, int64_t site_id, struct slice message_id);
/* 1: the site has it, as *ret_event_id; 0: it does not; -1: an error. */
int dedup_find(struct dedup *d, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e);
/* Notes a new event; ids must ascend. Inside the transaction that stores it. */
int dedup_add(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e);

/* ---- for outbox/filter/message_ids.c, on any connection -------------------------------------- */

/* 1; 0: the file has none (any more); -1. */
int dedup_secret(struct db *db, struct siphash_key *ret_secret, struct err *e);
uint64_t dedup_key_of(const struct siphash_key *secret, int64_t site_id, struct slice message_id);
/* The event that message_key has for a key, whatever its message is. 1, 0, -1. */
int dedup_find_in_table(struct db *db, uint64_t key, int64_t *ret_event_id, struct err *e);
/* Is event_id really this message? 1, 0, -1. */
int dedup_verify(
    struct db *db, int64_t event_id, int64_t site_id, struct slice message_id, struct err *e);

#endif
