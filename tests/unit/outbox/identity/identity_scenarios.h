/*
 * Sets of calls whose every order of arrival test_identity_order.c tries, and sequences made from
 * chance.
 */
#ifndef UNIT_OUTBOX_IDENTITY_IDENTITY_SCENARIOS_H
#define UNIT_OUTBOX_IDENTITY_IDENTITY_SCENARIOS_H

#include "base/rand.h"
#include "unit/outbox/identity/identity_model.h"

#define SCENARIO_CALLS 6
#define SEQUENCE_CALLS 16

/* What is promised of a set of calls. */
enum promise {
	/* One person on each device: in every order the same events go to the same addresses. */
	PROMISE_ANY_ORDER,
	/* Persons share a device: so it is in every order that keeps the calls of each device in
	 * the order of their times. */
	PROMISE_DEVICE_ORDER,
	/* No user comes back to a device after another: in every order an event is resolved once,
	 * as the model resolves it by the calls that have arrived. */
	PROMISE_ARRIVED
};

struct scenario {
	const char *name;
	enum promise promise;
	struct call calls[SCENARIO_CALLS];
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

size_t scenario_size(const struct scenario *scenario);
/* A sequence in an order of arrival that the promise covers; how many calls. */
size_t sequence_make(struct rand *rand, enum promise promise, struct call calls[SEQUENCE_CALLS]);
/* Whether the calls of each device arrive in the order of their times. */
bool sequence_keeps_device_order(const struct call *calls, size_t n);

#endif
