/*
 * What is due for one site: reads it from the outbox in order, leaves out what is taken or blocked,
 * and keeps the next batch prepared.
 *
 * An event of the site is, for the queue,
 *
 *	due        it may be read into a batch now
 *	delayed    its retry time has not come; it blocks the later ones of its address
 *	blocked    behind an older event of its address: see dispatch/queue/order.h
 *	taken      read into a batch, until its outcome is recorded
 *	in flight  in a batch that departed; blocks the later ones of its address
 *	unfit      no request can carry it: see dispatch/queue/unfit.h
 *
 * The prepared batch is dropped whenever an attempt ends without settling its events, because they
 * come first again. So with one request at a time it may hold addresses that are in flight.
 *
 * Failure: what cannot be read now is read again after CONTEXT_READ_AGAIN_MS. Only queue_reserve
 * reports an error. Dispatcher thread only; times are monotonic ms.
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
	const struct health *health; /* says how large a batch may be, and whether it is a probe */
	struct batch prepared;       /* empty: none */
	struct taken taken;
	struct order order;
	bool look;            /* something may be due that was not read */
	int64_t look_ms;      /* look again at this time */
	int64_t delayed_ms;   /* when to read again which events are delayed */
	int64_t blocked_to;   /* see struct fill */
	int64_t probed_event; /* of the last probe */
	struct unfit unfit;
};

/* settings and health must outlive q, at the same place. */
void queue_init(struct queue *q, struct dispatch_context *ctx, const struct site_settings *settings,
    const struct health *health);
/*
 * Makes room for what these settings need: batches that can be under way at once, and the
 * suspects. -1: no memory, nothing changed.
 */
int queue_reserve(
    struct queue *q, const struct site_settings *settings, size_t batches, struct err *e);
void queue_free(struct queue *q);
/* q->settings were replaced while nothing was taken: everything is read again. */
void queue_reload(struct queue *q);

/* Prepares the next batch, as full as it can be. False: nothing is due, or nothing can be read. */
bool queue_prepare(struct queue *q, int64_t now);
/* The prepared batch is read again when it is needed. */
void queue_drop(struct queue *q);
/* When queue_prepare may find something; INT64_MIN: at once. */
int64_t queue_next(const struct queue *q);
/* Is the next batch not prepared, though something may be due? */
bool queue_must_look(const struct queue *q);

/* Moves the prepared batch into an empty one: its events are in flight. */
void queue_depart(struct queue *q, struct batch *to);
/* Takes events without a batch: they are in flight. False, and nothing changed, when one of them is
 * taken already. */
bool queue_take(struct queue *q, const struct members *m);
/* The members do not block later events of their addresses any more, but stay taken. */
void queue_land(struct queue *q, const struct members *m);
/* The outcome of the members is recorded, or was given up: those still due are found again. */
void queue_give_back(struct queue *q, const struct members *m);
/* The event is delayed from now on. */
void queue_delay(struct queue *q, uint64_t address, int64_t id);

/* Something new may be due. */
void queue_wake(struct queue *q);
/* Operators changed events: what was read ahead may be out of date. */
void queue_look_again(struct queue *q, int64_t now);
/* Operators ended the delays of events. */
void queue_flush(struct queue *q);

/* Hands unfit events to the writer, unless it has some, or could not keep them just now. */
void queue_settle_unfit(struct queue *q, int64_t now);
/* When queue_settle_unfit has something to do; CONTEXT_NEVER: not until something happens. */
int64_t queue_settle_next(const struct queue *q);
bool queue_is_settling(const struct queue *q);

#endif
