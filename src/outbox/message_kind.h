/*
 * How the writer applies a kind of message. The file of each kind defines its row,
 * outbox_<tag>_kind; message.c has the table of all rows.
 */
#ifndef OUTBOX_MESSAGE_KIND_H
#define OUTBOX_MESSAGE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/message.h"
#include "outbox/outbox.h"
#include "outbox/tally.h"

struct db;
struct store;

/* What a kind may use of the free space. When space runs out, the greatest need is refused first.
 */
enum message_space {
	SPACE_RECORD, /* records what has happened, or frees space: tried until the disk is full */
	SPACE_WORK,   /* begins something: refused when less than RESERVE_BYTES are free */
	SPACE_STORE   /* stores new events: refused when less than min_free is free */
};

/* The transaction in which messages are applied. Writer's thread. */
struct transaction {
	struct db *db;
	struct store *store;
	int64_t now;              /* wall ms */
	int64_t began;            /* clock_micros() */
	enum message_space space; /* the needs for which there is space */
	/* The following members are results; they take effect when the transaction is committed. */
	struct outbox_counters counts;
	struct tally_notes finished; /* events that got a final status */
	size_t resolved;             /* events whose address became known after they were stored */
	bool due;                    /* events have become due */
	bool changed; /* the transaction changed events that a reader may have read ahead: it must
			 read them again */
	bool cut_wal; /* the WAL must be emptied before the sender gets the result */
};

struct message_kind {
	const char *name; /* for error messages */
	/*
	 * Called inside the transaction. ERR_STATE, ERR_INPUT and ERR_NOTFOUND concern this message
	 * only: the message has changed nothing, and the other messages are applied. Any other
	 * error rolls the whole transaction back.
	 */
	int (*apply)(struct transaction *t, struct outbox_msg *msg, struct err *e);
	/* Called after the commit with each message that was applied: adds it to the numbers for
	 * metrics. NULL: the kind has none. */
	void (*meter)(struct meters *m, const struct outbox_msg *msg);
	/* Toward the bound of a transaction the message counts as this many events, */
	size_t events;
	/* or, when this offset is not 0, as many as the size_t at this offset of the message says.
	 */
	size_t events_at;
	enum message_space space;
	bool bounded; /* outbox_send refuses the message when the mailbox is full */
};

/* One step of a long operation counts as this many events. */
#define MESSAGE_STEP_EVENTS 500

#define OUTBOX_MESSAGE_KIND(type, tag) extern const struct message_kind outbox_##tag##_kind;
OUTBOX_MESSAGES(OUTBOX_MESSAGE_KIND)

const struct message_kind *message_kind(const struct outbox_msg *msg);
/* Returns how many events the message counts as. */
size_t message_events(const struct outbox_msg *msg);
/* Records that n events became due because their address became known. */
void transaction_add_resolved(struct transaction *t, int64_t n);

#endif
