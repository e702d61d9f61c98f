/*
 * How the writer deals with a kind of message. Each kind's own file defines its row,
 * outbox_<tag>_kind; message.c has the table of them.
 */
#ifndef OUTBOX_MESSAGE_KIND_H
#define OUTBOX_MESSAGE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/message.h"
#include "outbox/outbox.h"

struct db;
struct store;

/* The transaction that messages are applied in. Writer's thread. */
struct transaction {
	struct db *db;
	struct store *store;
	int64_t now; /* wall ms */
	/* What came of it so far, from here on; it counts once it is committed. */
	struct outbox_counters counts;
	size_t resolved; /* events whose address became known after they were stored */
	bool due;        /* events became due */
	bool changed;    /* events that were there already: whoever read ahead must read again */
	bool cut_wal;    /* what the WAL holds must be gone before the sender hears of it */
};

struct message_kind {
	const char *name; /* for error messages */
	/*
	 * Inside the transaction. ERR_STATE, ERR_INPUT and ERR_NOTFOUND are the message's own
	 * fault: it has changed nothing, and the others go on. After any other error the whole
	 * transaction is rolled back.
	 */
	int (*apply)(struct transaction *t, struct outbox_msg *msg, struct err *e);
	/* What it adds to the bound of a transaction: so many events, */
	size_t events;
	/* or as many as the size_t at this offset of the message says; 0: there is none. */
	size_t events_at;
	bool stores;  /* new events: refused while there is no space for them */
	bool bounded; /* by the mailbox: outbox_send refuses it when that is full */
};

/* What one step of a long operation counts for. */
#define MESSAGE_STEP_EVENTS 500

#define OUTBOX_MESSAGE_KIND(type, tag) extern const struct message_kind outbox_##tag##_kind;
OUTBOX_MESSAGES(OUTBOX_MESSAGE_KIND)

const struct message_kind *message_kind(const struct outbox_msg *msg);
/* How many events it counts for. */
size_t message_events(const struct outbox_msg *msg);
/* So many events have become due, because their address became known. */
void transaction_add_resolved(struct transaction *t, int64_t n);

#endif
