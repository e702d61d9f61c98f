/*
 * OUTBOX_SETTLE: gives pending events a status, or a new retry time and batch size, without an
 * attempt: no request can carry them, or they caused an earlier attempt to fail. Events that are no
 * longer pending do not change. With in_doubt the message changes events that are held as
 * maybe_delivered instead, once their outcome is known.
 */
#ifndef OUTBOX_WRITE_SETTLE_H
#define OUTBOX_WRITE_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/kind.h"
#include "outbox/message.h"

struct outbox_settle {
	struct outbox_msg msg;
	const int64_t *event_ids; /* ascending */
	size_t n_events;
	enum event_status status; /* STATUS_PENDING: they stay pending */
	const char *reason;       /* NULL: none */
	const char *detail; /* a sentence that explains the reason; NULL: keep the present one */
	int64_t next_attempt_at; /* wall ms; 0: due at once, in order of arrival */
	bool charge;             /* count an attempt against them */
	unsigned max_batch;      /* they are sent in batches of at most this size; 0: no change */
	bool in_doubt;           /* only status and reason are used; not STATUS_PENDING */
};

#endif
