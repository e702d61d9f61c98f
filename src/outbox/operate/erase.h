/*
 * OUTBOX_ERASE: removes a person, named by an address, from the whole file. It runs in steps; the
 * sender sends the same message again until `more` is false.
 *
 * Events that contain the address or go to it lose their bodies and addresses, and pending ones are
 * discarded; a row without personal data remains for the audit. Ids that lead to the address are
 * deleted. Where another event's body, an answer of Bento, or the filter or note of an operation
 * quotes the address, ERASE_WORD replaces it. Texts are searched without regard to case, and with
 * the @ also written as %40 or \u0040. SQLite's secure_delete overwrites the old bytes. The WAL is
 * cut at the end; if a reader is in the way, the next checkpoint cuts it.
 */
#ifndef OUTBOX_OPERATE_ERASE_H
#define OUTBOX_OPERATE_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox/outbox.h"

#define ERASE_SCAN 1000        /* maximum number of rows that one step reads */
#define ERASE_BYTES (4u << 20) /* a step ends when the texts of its rows have this many bytes */
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
 * email NULL: the oldest erasure that a delete call asked for. Events that arrived after that call
 * stay. The request stays in the list until its last step is committed, so that no crash loses it.
 */
struct outbox_erase {
	struct outbox_msg msg;
	const char *email;
	const char *actor;
	bool dry_run; /* only count */
	/* progress; the sender does not change it between steps */
	enum erase_phase phase;
	int64_t after_id;     /* the id where the last step of the phase stopped */
	int64_t operation_id; /* 0 while nothing has been changed */
	int64_t n_events;     /* events of the person */
	int64_t n_discarded;  /* events that were pending or held, and will not be sent */
	int64_t n_quotes;     /* other rows that quoted the address */
	bool more;
	bool none; /* email NULL: there was no request */
	/* used by erase.c only */
	int64_t last_event_id; /* that was looked at */
	int64_t last_envelope_id;
	char asked[ERASE_EMAIL_MAX + 1];
	int64_t asked_by; /* event id; 0: not read yet */
};

struct db;

/* Runs one step inside the writer's transaction; now: wall ms. ERR_INPUT: email is not an
 * address. */
int erase_step(struct db *db, struct outbox_erase *erase, int64_t now, struct err *e);

#endif
