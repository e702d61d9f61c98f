/*
 * The audit of sending. Each request to Bento is a row with its members, committed before the
 * request's first byte is sent (OUTBOX_ATTEMPT_BEGIN); later its end and the effect on the members
 * are added (OUTBOX_ATTEMPT_END).
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
 * A request is about to be sent. ERR_STATE, with nothing recorded, when one of its events is no
 * longer pending: an operator changed it after the batch was read.
 */
struct outbox_attempt_begin {
	struct outbox_msg msg;
	int64_t site_id;
	int64_t started_at;   /* wall ms */
	struct slice mapping; /* the mapping options used, as mapping_describe wrote them */
	enum bento_endpoint endpoint;
	const int64_t *event_ids; /* ascending */
	size_t n_events;
	size_t n_bytes;      /* size of the request's body */
	size_t n_sent_bytes; /* its size on the way, compressed; 0: the same */
	/* result */
	int64_t attempt_id;
};

/*
 * The result of the request. ERR_STATE, with nothing changed, when the attempt already has an end.
 * `delivered` overrides an operator's change, because Bento has the event; any other status changes
 * pending events only.
 */
struct outbox_attempt_end {
	struct outbox_msg msg;
	int64_t attempt_id;
	int64_t site_id;
	int64_t finished_at; /* wall ms */
	int64_t duration_ms; /* monotonic */
	enum attempt_outcome outcome;
	int http_status;              /* 0: none */
	struct slice error;           /* absent: none */
	struct slice response;        /* the first KiB of the answer */
	enum bento_endpoint endpoint; /* of the beginning */
	const int64_t *event_ids;     /* the same ids as at the beginning */
	const int64_t *received;      /* wall ms: when each was received; NULL: not known */
	size_t n_events;
	/* the effect on the members */
	enum event_status status; /* STATUS_PENDING: they stay pending */
	const char *reason;       /* NULL: none */
	int64_t next_attempt_at;  /* wall ms; 0: due at once, in order of arrival */
	bool charge;              /* count this attempt against the limit of each member */
	bool maybe_sent;          /* Bento may have received the members */
	unsigned max_batch; /* the members are sent in batches of at most this size; 0: no limit */
	/* the effect on the site */
	struct outbox_site_state site;
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;
struct meters;

/* Ends the attempts that a crash left open as `unknown`, makes their events due again, and adds
 * these to the numbers for metrics. */
int attempts_recover(
    struct db *db, struct meters *m, int64_t now, int64_t *ret_recovered, struct err *e);

#endif
