/*
 * Storing events that arrived: the event, what its batch said (the envelope), and the delivery row
 * that says where it stands. Writer's thread.
 */
#ifndef OUTBOX_WRITE_STORE_H
#define OUTBOX_WRITE_STORE_H

#include "base/rand.h"
#include "outbox/message_kind.h"
#include "outbox/write/dedup.h"
#include "outbox/write/put.h"
#include "outbox/write/unresolved.h"

struct store {
	struct db *db;
	struct dedup *dedup;
	struct rand *rand; /* for messageIds of our own */
	struct unresolved *unresolved;
	int64_t last_event_id; /* the highest ever given */
	bool stale;            /* last_event_id and dedup are out of date: store_prepare */
};

/* Continues where the file's ids ended. */
int store_open(struct store *s, struct db *db, struct dedup *dedup, struct rand *rand,
    struct unresolved *unresolved, struct err *e);
/*
 * Stores the events of one message inside the writer's transaction, and adds what came of it to
 * both. After -1 the transaction must be rolled back, and store_rolled_back called.
 */
int store_events(struct transaction *t, struct outbox_put *put, struct err *e);
/* Whether the site has that messageId: 1, 0, -1. */
int store_has(struct store *s, int64_t site_id, struct slice message_id, struct err *e);
/* Marks what is remembered in memory as out of date: a transaction was rolled back. */
void store_rolled_back(struct store *s);
/*
 * Reads again what a rollback made out of date. To be called before each transaction that stores
 * events, outside of any. After -1 (the disk may still be full) nothing may be stored, because new
 * events could be taken for duplicates, and duplicates for new.
 */
int store_prepare(struct store *s, struct err *e);

#endif
