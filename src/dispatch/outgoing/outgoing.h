/*
 * The requests of one site: its attempts, their pace, and the life of an attempt, which goes round:
 *
 *	IDLE -> BEGINNING -> SENDING -> DECIDED -> ENDING -> IDLE
 *
 * BEGINNING: its row is being committed; only after that the request goes out. DECIDED: the verdict
 * is there, its record is not yet with the writer, or the writer could not keep it and it is tried
 * again. ENDING: the record is being committed; only after that the events are given back to the
 * queue. At most health_width attempts are BEGINNING or SENDING.
 *
 * Failure: what the writer cannot keep for a while is tried again. After an I/O error a beginning
 * and an end are given up: the recovery at the next start ends the attempt.
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
#include "dispatch/outgoing/charge.h"
#include "dispatch/outgoing/pace.h"
#include "dispatch/queue/queue.h"
#include "dispatch/site_settings.h"
#include "dispatch/transport/transport.h"
#include "outbox/outbox.h"

#define OUTGOING_RESPONSE_KEPT 1024 /* bytes of an answer that the audit keeps */

enum attempt_state {
	ATTEMPT_IDLE,
	ATTEMPT_BEGINNING,
	ATTEMPT_SENDING,
	ATTEMPT_DECIDED,
	ATTEMPT_ENDING
};

struct outgoing;

struct attempt {
	struct outgoing *outgoing;
	enum attempt_state state;
	struct batch batch;
	uint64_t epoch;     /* of the health when the request went out */
	int64_t started_ms; /* when the request went out */
	struct outbox_attempt_begin begin;
	struct outbox_attempt_end end;
	struct errand errand; /* of begin, then of end */
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
	struct pace pace;
	int64_t not_before_ms; /* the writer could not keep a beginning: no other before */
	struct charge charge;
};

/* All of these must outlive o, at the same place. */
void outgoing_init(struct outgoing *o, struct dispatch_context *ctx,
    const struct site_settings *settings, struct health *health, struct queue *queue);
/* How many attempts these settings need. */
size_t outgoing_attempts(const struct site_settings *settings);
/* Makes these attempts, while nothing is under way. -1: no memory; those from before stay usable.
 */
int outgoing_reserve(struct outgoing *o, const struct site_settings *settings, struct err *e);
void outgoing_free(struct outgoing *o);
/* o->settings were replaced while nothing was under way. */
void outgoing_reload(struct outgoing *o);

/*
 * When the next attempt may begin, as far as the attempts, the pace and the site's health say; now
 * or before: it may. CONTEXT_NEVER: not until something happens.
 */
int64_t outgoing_begin_next(const struct outgoing *o, int64_t now);
/* May the next batch be prepared while requests are under way? */
bool outgoing_may_prepare(const struct outgoing *o, int64_t now);
/* Begins an attempt with the queue's prepared batch. outgoing_begin_next must allow it. */
void outgoing_begin(struct outgoing *o);
/* Hands the ends of decided attempts to the writer. */
void outgoing_record(struct outgoing *o, int64_t now);
/* When outgoing_record has something to do; CONTEXT_NEVER: not until something happens. */
int64_t outgoing_record_next(const struct outgoing *o);
/* Gives up what the writer could not keep. */
void outgoing_abandon(struct outgoing *o);
/* No attempt is under way, and no message is with the writer. */
bool outgoing_is_quiet(const struct outgoing *o);

/* The request of an attempt (result->owner) ended. Does not free the result. */
void outgoing_take_result(const struct transport_result *result);

#endif
