/*
 * The audit of sending: each request to Bento is a row, committed before its first byte leaves
 * (OUTBOX_ATTEMPT_BEGIN), with its members, and later its end and what that means for them
 * (OUTBOX_ATTEMPT_END).
 */
#ifndef OUTBOX_WRITE_ATTEMPTS_H
#define OUTBOX_WRITE_ATTEMPTS_H

#include "base/slice.h"
#include "event/bento/bento.h"
#include "event/bento/verdict.h"
#include "event/kind.h"
#include "outbox/message.h"
#include "outbox/write/sites.h"

/*
 * A request is about to go out. ERR_STATE, and nothing is recorded, when one of its events is not
 * pending any more: an operator changed it after the batch was read.
 */
struct outbox_attempt_begin {
	struct outbox_msg msg;
	int64_t site_id;
	int64_t started_at;   /* wall ms */
	struct slice mapping; /* mapping_describe of the options used */
	enum bento_endpoint endpoint;
	const int64_t *event_ids; /* ascending */
	size_t n_events;
	size_t n_bytes; /* of the request's body */
	/* result */
	int64_t attempt_id;
};

/*
 * What came of the request. ERR_STATE, with nothing changed, when the attempt already has an end.
 * `delivered` overrides what an operator did meanwhile, because it is the truth; any other status
 * is given to pending events only.
 */
struct outbox_attempt_end {
	struct outbox_msg msg;
	int64_t attempt_id;
	int64_t site_id;
	int64_t finished_at; /* wall ms */
	int64_t duration_ms; /* monotonic */
	enum attempt_outcome outcome;
	int http_status;          /* 0: none */
	struct slice error;       /* absent: none */
	struct slice response;    /* the first KiB of the answer */
	const int64_t *event_ids; /* the members, as in begin */
	size_t n_events;
	/* what happens to the members */
	enum event_status status; /* STATUS_PENDING: they stay pending */
	const char *reason;       /* NULL: none */
	int64_t next_attempt_at;  /* wall ms; 0: due at once, in order of arrival */
	bool charge;              /* count this attempt against them */
	bool maybe_sent;          /* count it as possibly delivered */
	unsigned max_batch;       /* they travel in batches of at most this many; 0: no limit */
	/* and to the site */
	struct outbox_site_state site;
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;

/* Attempts that a crash left without an end become `unknown`; their events are due again. */
int attempts_recover(struct db *db, int64_t now, int64_t *ret_recovered, struct err *e);

#endif
