/*
 * Storing what arrived: events, their envelope, their place in the queue. Writer thread; private to
 * outbox/.
 */
#ifndef OUTBOX_WRITE_STORE_H
#define OUTBOX_WRITE_STORE_H

#include "base/rand.h"
#include "outbox/outbox.h"
#include "outbox/write/dedup.h"
#include "outbox/write/unresolved.h"

struct store {
	struct db *db;
	struct dedup *dedup;
	struct rand *rand; /* for messageIds of our own */
	struct unresolved *unresolved;
	int64_t last_event_id; /* the highest ever given */
	bool stale;            /* what is remembered was rolled back */
};

/* Continues where the file's ids ended. */
int store_open(struct store *s, struct db *db, struct dedup *dedup, struct rand *rand,
    struct unresolved *unresolved, struct err *e);
/*
 * Stores the events of one message inside the writer's transaction. ret_due: how many of them are
 * due; ret_older: how many became due that had waited for what these tell. After -1 the transaction
 * must be rolled back, and store_rolled_back called.
 */
int store_apply(
    struct store *s, struct outbox_put *put, size_t *ret_due, size_t *ret_older, struct err *e);
/* Whether the site has that messageId: 1, 0, -1. */
int store_has(struct store *s, int64_t site_id, struct slice message_id, struct err *e);
/* What the rolled back transaction had added is to be forgotten. */
void store_rolled_back(struct store *s);
/*
 * Before the next transaction that stores events, outside of any: forgets it. A disk that is still
 * full may refuse that; without it duplicates would be taken for new, so nothing may be stored.
 */
int store_prepare(struct store *s, struct err *e);

#endif
