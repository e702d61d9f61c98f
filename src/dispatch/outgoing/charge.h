/*
 * The decision about suspects that are to blame for a failure: they are split or, when a single
 * event is left, charged. The decision is recorded without an attempt; until then its events are
 * taken and in flight.
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
	bool open; /* a decision must be recorded */
	struct outbox_settle settle;
	struct errand errand;
};

/* health and queue must outlive c and not move. */
void charge_init(
    struct charge *c, struct dispatch_context *ctx, struct health *health, struct queue *queue);
/* Decides about the suspects, which are to blame (suspects_blame). */
void charge_suspects(struct charge *c, int64_t now);
/* Sends the decision to the writer, if there is one and the writer may be able to store it. */
void charge_record(struct charge *c, int64_t now);
/* Returns when charge_record has work; CONTEXT_NEVER: not until something happens. */
int64_t charge_next(const struct charge *c);

#endif
