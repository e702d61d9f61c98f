/*
 * The requests of one site: its attempts, and the heartbeats between them. The states of an attempt
 * are:
 *
 *	IDLE -> BEGINNING -> SENDING -> DECIDED -> ENDING -> IDLE
 *
 * BEGINNING: the row of the attempt is being committed; the request is sent only after that.
 * DECIDED: the verdict is known, and its record has yet to be sent to the writer, for the first
 * time or again. ENDING: the record is being committed; only after that are the events given back
 * to the queue. At most health_width attempts are BEGINNING or SENDING.
 *
 * Failure: a message that the writer cannot store at present is sent again. After an I/O error a
 * beginning or an end is given up: the recovery at the next start ends the attempt.
 *
 * Dispatcher thread only; times are monotonic ms.
 */
#ifndef DISPATCH_OUTGOING_OUTGOING_H
#define DISPATCH_OUTGOING_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/context.h"
#include "dispatch/health/health.h"
#include "dispatch/link/link.h"
#include "dispatch/outgoing/center.h"
#include "dispatch/outgoing/charge.h"
#include "dispatch/outgoing/owner.h"
#include "dispatch/outgoing/parts.h"
#include "dispatch/queue/queue.h"
#include "dispatch/site_settings.h"
#include "dispatch/transport/transport.h"
#include "outbox/outbox.h"

#define OUTGOING_RESPONSE_KEPT 1024 /* bytes of an answer that the audit stores */

enum attempt_state {
	ATTEMPT_IDLE,
	ATTEMPT_BEGINNING,
	ATTEMPT_SENDING,
	ATTEMPT_DECIDED,
	ATTEMPT_ENDING
};

struct outgoing;

struct attempt {
	struct request_owner owner; /* must be first: of its request */
	struct outgoing *outgoing;
	enum attempt_state state;
	struct batch batch;
	unsigned char *packed; /* the compressed payload; NULL: it is sent as it is */
	size_t n_packed;
	uint64_t epoch;     /* from health_sent, when the request was sent */
	int64_t started_ms; /* when the request was sent */
	struct outbox_attempt_begin begin;
	struct outbox_attempt_end end;
	struct errand errand; /* used first for `begin`, then for `end` */
	struct shown shown;   /* what the answer shows about the events */
	char error[256];
	char response[OUTGOING_RESPONSE_KEPT + 1];
};

struct outgoing {
	struct dispatch_context *ctx;
	const struct site_settings *settings;
	struct health *health;
	struct queue *queue;
	struct attempt *attempts;
	size_t n_attempts;
	struct link link;
	struct center center;
	/* no attempt begins before this time, because the writer could not store a beginning */
	int64_t not_before_ms;
	struct charge charge;
	struct parts parts;
};

/* All arguments must outlive o and not move. */
void outgoing_init(struct outgoing *o, struct dispatch_context *ctx,
    const struct site_settings *settings, struct health *health, struct queue *queue);
/* Returns how many attempts these settings need. */
size_t outgoing_attempts(const struct site_settings *settings);
/* Allocates the attempts while none is in flight. Returns -1 without memory; earlier ones stay
 * usable. */
int outgoing_reserve(struct outgoing *o, const struct site_settings *settings, struct err *e);
void outgoing_free(struct outgoing *o);
/* Call it after o->settings were replaced while no attempt was in flight. */
void outgoing_reload(struct outgoing *o);

/*
 * Returns when the next attempt may begin, by the attempts, the link and the site's health; a time
 * in the past: at once. CONTEXT_NEVER: not until something happens.
 */
int64_t outgoing_begin_next(const struct outgoing *o, int64_t now);
/* Whether the next batch may be prepared while requests are in flight. */
bool outgoing_may_prepare(const struct outgoing *o, int64_t now);
/* Begins an attempt with the queue's prepared batch. outgoing_begin_next must allow it. */
void outgoing_begin(struct outgoing *o);
/* Sends what was decided about attempts and events to the writer. */
void outgoing_record(struct outgoing *o, int64_t now);
/* Returns when outgoing_record has work; CONTEXT_NEVER: not until something happens. */
int64_t outgoing_record_next(const struct outgoing *o);
/* Sends a heartbeat if one is due and the link may be used. */
void outgoing_beat(struct outgoing *o, int64_t now);
/* Returns when outgoing_beat has work; CONTEXT_NEVER: not until something happens. */
int64_t outgoing_beat_next(const struct outgoing *o, int64_t now);

/* Gives up records that the writer could not store. */
void outgoing_abandon(struct outgoing *o);
/* Whether no attempt is in flight and no message is with the writer. */
bool outgoing_is_quiet(const struct outgoing *o);

/* Handles the end of a request (result->owner). Does not free the result. */
void outgoing_take_result(const struct transport_result *result);

#endif
