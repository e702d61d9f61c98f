/*
 * Stores received events: the event, the values of its batch (the envelope), and a delivery row
 * where the event does not take the normal way. Writer's thread.
 */
#ifndef OUTBOX_WRITE_STORE_H
#define OUTBOX_WRITE_STORE_H

#include "base/rand.h"
#include "outbox/dedup/dedup.h"
#include "outbox/identity/claims.h"
#include "outbox/message_kind.h"
#include "outbox/write/message_blocks.h"
#include "outbox/write/put.h"
#include "outbox/write/spans.h"
#include "outbox/write/unresolved.h"

struct store {
	struct db *db;
	struct dedup *dedup;
	struct rand *rand; /* for generated messageIds */
	struct unresolved *unresolved;
	struct spans spans;
	struct claims claims;
	struct message_blocks blocks;
	int64_t last_event_id; /* the highest id ever assigned */
	bool stale;            /* last_event_id and dedup are out of date: see store_prepare */
};

/* Continues after the last id in the file. store_close frees it, also after a failure. */
int store_open(struct store *s, struct db *db, struct dedup *dedup, struct rand *rand,
    struct unresolved *unresolved, struct err *e);
void store_close(struct store *s);
/*
 * Stores the events of one message inside the writer's transaction, and fills in the results of
 * both. After -1 the caller must roll the transaction back and call store_rolled_back.
 */
int store_events(struct transaction *t, struct outbox_put *put, struct err *e);
/* Returns whether the site has that messageId: 1, 0, or -1 on an error. */
int store_has(struct store *s, int64_t site_id, struct slice message_id, struct err *e);
/*
 * Writes what spans_write writes. Call it before each commit and, with `flush`, before messages of
 * other kinds are applied.
 */
int store_write(struct store *s, bool flush, struct err *e);
/* Marks the values in memory as out of date, because a transaction was rolled back. */
void store_rolled_back(struct store *s);
/*
 * Reads again what a rollback made out of date. Call it before each transaction that stores events,
 * outside of any transaction. After -1 (the disk may still be full) nothing may be stored, because
 * new events could be mistaken for duplicates and the reverse.
 */
int store_prepare(struct store *s, struct err *e);

#endif
