/*
 * The due events of one site: reads them from the outbox in order, leaves out taken and blocked
 * events, and keeps the next batch prepared.
 *
 * To the queue, an event of the site is
 *
 *	due        it may be read into a batch now
 *	delayed    its retry time has not come; it blocks later events of its address
 *	blocked    behind an older event of its address: see dispatch/queue/order.h
 *	taken      read into a batch, until its outcome is recorded
 *	in flight  in a batch that departed; it blocks later events of its address
 *	unfit      no request can carry it: see dispatch/queue/unfit.h
 *
 * The prepared batch is dropped whenever an attempt ends without settling its events, because those
 * events come first. With one request at a time, the prepared batch may therefore contain events of
 * addresses that are in flight.
 *
 * Failure: a failed read is repeated after CONTEXT_READ_AGAIN_MS. Only queue_reserve reports an
 * error. Dispatcher thread only; times are monotonic ms.
 */
#ifndef DISPATCH_QUEUE_QUEUE_H
#define DISPATCH_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/context.h"
#include "dispatch/health/health.h"
#include "dispatch/members.h"
#include "dispatch/queue/batch.h"
#include "dispatch/queue/order.h"
#include "dispatch/queue/taken.h"
#include "dispatch/queue/unfit.h"
#include "dispatch/site_settings.h"

struct queue {
	struct dispatch_context *ctx;
	const struct site_settings *settings;
	const struct health *health; /* gives the size of a batch, and whether it is a probe */
	struct batch prepared;       /* empty: none */
	struct taken taken;
	struct order order;
	bool look;            /* unread events may be due */
	int64_t look_ms;      /* look again at this time */
	int64_t delayed_ms;   /* when to read the delayed events again */
	int64_t blocked_to;   /* see struct fill */
	int64_t taken_to;     /* see struct fill */
	int64_t retake_ms;    /* when to read from the oldest event again */
	int64_t probed_event; /* the event of the last probe */
	struct unfit unfit;
};

/* settings and health must outlive q and not move. */
void queue_init(struct queue *q, struct dispatch_context *ctx, const struct site_settings *settings,
    const struct health *health);
/*
 * Makes room for new settings: for the batches that can be in flight at once, and the suspects.
 * Returns -1 without memory; nothing changes then.
 */
int queue_reserve(
    struct queue *q, const struct site_settings *settings, size_t batches, struct err *e);
void queue_free(struct queue *q);
/* Call it after q->settings were replaced while no event was taken: everything is read again. */
void queue_reload(struct queue *q);

/* Prepares the next batch, as full as possible. Returns false when no event is due or reading
 * failed. */
bool queue_prepare(struct queue *q, int64_t now);
/* Prepares a part of the next batch, so that the caller can do other work before the rest. */
void queue_prepare_step(struct queue *q, int64_t now);
/* Drops the prepared batch; it is read again when needed. */
void queue_drop(struct queue *q);
/* Returns when queue_prepare may find events; INT64_MIN: at once. */
int64_t queue_next(const struct queue *q);
/* Whether the next batch, or the rest of it, is not prepared although events may be due. */
bool queue_must_look(const struct queue *q);

/* Moves the prepared batch into `to`, which is empty. Its events are then in flight. */
void queue_depart(struct queue *q, struct batch *to);
/* Takes events without a batch; they are then in flight. Returns false, and changes nothing, when
 * one is already taken. */
bool queue_take(struct queue *q, const struct members *m);
/* The members no longer block later events of their addresses, but stay taken. */
void queue_land(struct queue *q, const struct members *m);
/* Call it when the outcome of the members was recorded or given up. `again`: some of them may still
 * be due, and reading begins there again. */
void queue_give_back(struct queue *q, const struct members *m, bool again);
/* Call it when the event becomes delayed. */
void queue_delay(struct queue *q, uint64_t address, int64_t id);

/* Call it when new events may be due. */
void queue_wake(struct queue *q);
/* Call it when operators have changed events: events that were read ahead may be out of date. */
void queue_look_again(struct queue *q, int64_t now);
/* Call it when operators have ended the delays of events. */
void queue_flush(struct queue *q);

/* Sends unfit events to the writer, unless the writer already has some or could not store them a
 * moment ago. */
void queue_settle_unfit(struct queue *q, int64_t now);
/* Returns when queue_settle_unfit has work; CONTEXT_NEVER: not until something happens. */
int64_t queue_settle_next(const struct queue *q);
bool queue_is_settling(const struct queue *q);

#endif
