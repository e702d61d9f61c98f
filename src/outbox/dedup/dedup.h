/*
 * Finds out whether a site already has a messageId.
 *
 * An index over keyed hashes would write one random page for each event: with 10 million events,
 * ten times the bytes of the event. Recent ids are therefore kept in memory, in buckets by their
 * hashes, and move bucket by bucket to the levels in the file (outbox/dedup/levels.h), which are
 * written in few neighboring pages. Hashes are SipHash under a secret kept in the file, so nobody
 * can cause collisions; a hit is verified against the event's own row.
 *
 * A crash loses nothing: the file has the last event up to which the levels are complete. The
 * hashes of the rest, at most about 4 * DEDUP_KEEP (two rounds), are also stored in order, one row
 * for each block of events (the table dedup_recent). A start reads these rows, and the events of
 * the newest block only, whatever the backlog.
 *
 * Writer thread.
 */
#ifndef OUTBOX_DEDUP_DEDUP_H
#define OUTBOX_DEDUP_DEDUP_H

#include <stdint.h>

#include "base/secret/siphash.h"
#include "base/slice.h"
#include "outbox/dedup/levels.h"
#include "outbox/file/db.h"

#define DEDUP_KEEP 32768 /* ids kept in memory */
#define DEDUP_BUCKETS (1 << DEDUP_ROOT_BITS)
/*
 * Maximum ids in one bucket: the mean is 32, a bucket about to move has 64; the rest is a margin.
 */
#define DEDUP_BUCKET_KEEP 96
/* Events of a row of dedup_recent; queries repeat this number. */
#define DEDUP_BLOCK_BITS 11
#define DEDUP_BLOCK_EVENTS (1 << DEDUP_BLOCK_BITS)

struct dedup {
	struct siphash_key secret;
	struct dedup_levels levels;
	uint64_t (*recent)[DEDUP_BUCKET_KEEP]; /* entries, unsorted within each bucket */
	unsigned char count[DEDUP_BUCKETS];
	size_t n;
	size_t hand;        /* the bucket that leaves memory next */
	int64_t last_added; /* event id */
	int64_t began_at;   /* last_added when this round of the hand began */
	int64_t floor;      /* events up to this one are in the levels */
	/* The newest block; its row is written when the next one begins. */
	char block[DEDUP_BLOCK_EVENTS * DEDUP_ENTRY_SIZE];
	size_t n_block;
	int64_t block_number;
};

/* Reads or makes the secret, then loads. In no transaction. */
int dedup_open(struct dedup *d, struct db *db, struct err *e);
void dedup_close(struct dedup *d);
/* Loads the ids that the levels lack into memory. Also used after a rollback. */
int dedup_load(struct dedup *d, struct db *db, struct err *e);

/* Returns the keyed hash of a messageId: DEDUP_KEY_BITS bits. */
uint64_t dedup_key(const struct dedup *d, int64_t site_id, struct slice message_id);
/* Has the processor load what dedup_find will read in memory, which otherwise it waits for. */
void dedup_prefetch(const struct dedup *d, uint64_t key);
/* Returns 1 when the site has the messageId (in *ret_event_id), 0 when not, -1 on an error. */
int dedup_find(struct dedup *d, struct db *db, uint64_t key, int64_t site_id,
    struct slice message_id, int64_t *ret_event_id, struct err *e);
/*
 * Records a new event; ids must ascend. Call it inside the transaction that stores the event.
 * ERR_LIMIT above DEDUP_ID_MAX.
 */
int dedup_add(struct dedup *d, struct db *db, uint64_t key, int64_t event_id, struct err *e);

/* ---- for outbox/filter/message_ids.c, on any connection -------------------------------------- */

/* Reads the secret. Returns 1, 0 when the file has none, or -1 on an error. */
int dedup_secret(struct db *db, struct siphash_key *ret_secret, struct err *e);
uint64_t dedup_key_of(const struct siphash_key *secret, int64_t site_id, struct slice message_id);
/* Searches the blocks of dedup_recent. Returns 1 (found), 0 or -1. */
int dedup_find_recent(struct db *db, uint64_t key, int64_t site_id, struct slice message_id,
    int64_t *ret_event_id, struct err *e);

#endif
