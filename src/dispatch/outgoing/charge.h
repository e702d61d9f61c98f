/*
 * What becomes of the suspects when they are to blame for a failure: they are split, or, when a
 * single event is left, charged. The decision is recorded without an attempt; until it is, its
 * events are taken and in flight.
 */
#ifndef DISPATCH_OUTGOING_CHARGE_H
#define DISPATCH_OUTGOING_CHARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/context.h"
#include "dispatch/health/health.h"
#include "dispatch/queue/queue.h"
#include "outbox/outbox.h"

struct charge {
	struct dispatch_context *ctx;
	struct health *health;
	struct queue *queue;
	bool open; /* a decision is to be recorded */
	struct outbox_settle settle;
	struct errand errand;
};

/* health and queue must outlive c, at the same place. */
void charge_init(
    struct charge *c, struct dispatch_context *ctx, struct health *health, struct queue *queue);
/* The suspects are to blame (suspects_blame). */
void charge_suspects(struct charge *c, int64_t now);
/* Hands the decision to the writer, when there is one that it could keep. */
void charge_record(struct charge *c, int64_t now);
/* When charge_record has something to do; CONTEXT_NEVER: not until something happens. */
int64_t charge_next(const struct charge *c);

#endif
