/*
 * Removing a person from everything that the file holds, by the address. Writer thread, through
 * outbox_send, in slices.
 *
 * Events that carry the address or go to it lose their bodies and addresses; those that wait are
 * discarded; a row without anything personal remains for the audit. What is known of ids that lead
 * to the address is forgotten. Where others quote the address, in a body, an answer of Bento, the
 * filter or note of an operation, it is replaced. In texts it is found without regard to case, with
 * its @ also written as %40 or \u0040. SQLite's secure_delete overwrites what was there, and the
 * WAL is cut at the end, unless a reader stands in the way: then the next checkpoint does it.
 */
#ifndef OUTBOX_OPERATE_ERASE_H
#define OUTBOX_OPERATE_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox/outbox.h"

#define ERASE_SCAN 1000        /* rows that one slice looks at, */
#define ERASE_BYTES (4u << 20) /* and their bytes, at most by one row more */
#define ERASE_EMAIL_MAX 254    /* bytes of an address that a delete call names */

enum erase_phase {
	ERASE_IDENTITIES,
	ERASE_EVENTS,
	ERASE_ENVELOPES,
	ERASE_ATTEMPTS,
	ERASE_OPERATIONS,
	ERASE_DONE
};

/*
 * OUTBOX_ERASE. The strings stay the sender's until done(). ERR_INPUT: no address.
 *
 * email NULL: the oldest erasure that a delete call asked for. Events that arrived after that call
 * stay. It is asked for until its last slice is committed.
 */
struct outbox_erase {
	struct outbox_msg msg;
	const char *email;
	const char *actor;
	bool dry_run; /* only count */
	/* result of one slice; send the same message again until `more` is false */
	enum erase_phase phase;
	int64_t after_id;     /* where the last slice of the phase stopped */
	int64_t operation_id; /* 0: nothing was changed */
	int64_t n_events;     /* of the person */
	int64_t n_discarded;  /* of them: waited, and will not be sent */
	int64_t n_quotes;     /* other rows that quoted the address */
	bool more;
	bool none; /* email NULL: nothing was asked for */
	/* private */
	int64_t last_event_id; /* that was looked at */
	int64_t last_envelope_id;
	char asked[ERASE_EMAIL_MAX + 1];
	int64_t asked_by; /* event id; 0: not read yet */
};

struct db;

/* One slice, inside the writer's transaction. */
int erase_step(struct db *db, struct outbox_erase *erase, int64_t now, struct err *e);

#endif
