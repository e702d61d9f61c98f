/*
 * OUTBOX_SETTLE: gives pending events a status, or a new time and batch size, without an attempt,
 * because no request can carry them or because an earlier attempt failed through their own fault.
 * Events that are no longer pending stay as they are.
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
	const char *detail;       /* a sentence beside it; NULL: the one it has stays */
	int64_t next_attempt_at;  /* wall ms; 0: due at once, in order of arrival */
	bool charge;              /* count an attempt against them */
	unsigned max_batch;       /* they travel in batches of at most this many; 0: as before */
};

#endif
