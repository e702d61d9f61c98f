/*
 * Which messageIds a site already has.
 *
 * An index over random ids costs a page of its own for each event, however the ids look, because a
 * keyed hash stands for each of them: with 10 million events that is ten times the event itself. So
 * recent ids are kept in memory, in buckets of their hashes, and leave it bucket by bucket for the
 * levels in the file (outbox/dedup/levels.h), which are written in few, neighboring pages. Hashes
 * are SipHash under a key kept in the file, so nobody can make them collide; a hit is verified
 * against the event's own row.
 *
 * Nothing is lost in a crash: the hash of each event stands in its delivery row, and the file knows
 * up to which event all of them are in the levels; the rest is read again at start, at most some
 * 4 * DEDUP_KEEP narrow rows (two rounds) however large the backlog is.
 *
 * Writer thread.
 */
#ifndef OUTBOX_DEDUP_DEDUP_H
#define OUTBOX_DEDUP_DEDUP_H

#include <stdint.h>

#include "base/siphash.h"
#include "base/slice.h"
#include "outbox/dedup/levels.h"
#include "outbox/file/db.h"

#define DEDUP_KEEP 32768 /* ids kept in memory */
#define DEDUP_BUCKETS (1 << DEDUP_ROOT_BITS)
/* Ids of one bucket: twice the mean where the next turn is, and room for chance. */
#define DEDUP_BUCKET_KEEP 96

struct dedup {
	struct siphash_key secret;
	struct dedup_levels levels;
	uint64_t (*recent)[DEDUP_BUCKET_KEEP]; /* entries, in each bucket unsorted */
	unsigned char count[DEDUP_BUCKETS];
	size_t n;
	size_t hand;        /* the bucket that leaves memory next */
	int64_t last_added; /* event id */
	int64_t began_at;   /* last_added when the hand began this round */
	int64_t floor;      /* events up to this one are in the levels */
};

/* Reads or makes the secret, then loads. In no transaction. */
int dedup_open(struct dedup *d, struct db *db, struct err *e);
void dedup_close(struct dedup *d);
/* Reads again what is in memory, from what the levels lack; also after a rollback. */
int dedup_load(struct dedup *d, struct db *db, struct err *e);

/* The keyed hash of a messageId: DEDUP_KEY_BITS bits. */
uint64_t dedup_key(const struct dedup *d, int64_t site_id, struct slice message_id);
/* 1: the site has it, as *ret_event_id; 0: it does not; -1: an error. */
int dedup_find(struct dedup *d, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e);
/*
 * Notes a new event; ids must ascend. Inside the transaction that stores it. ERR_LIMIT past
 * DEDUP_ID_MAX.
 */
int dedup_add(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e);

/* ---- for outbox/filter/message_ids.c, on any connection -------------------------------------- */

/* 1; 0: the file has none (any more); -1. */
int dedup_secret(struct db *db, struct siphash_key *ret_secret, struct err *e);
uint64_t dedup_key_of(const struct siphash_key *secret, int64_t site_id, struct slice message_id);

#endif
