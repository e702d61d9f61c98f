/*
 * Sets of calls for test_identity_order.c, which tries each set in every order, and random
 * sequences.
 */
#ifndef UNIT_OUTBOX_IDENTITY_IDENTITY_SCENARIOS_H
#define UNIT_OUTBOX_IDENTITY_IDENTITY_SCENARIOS_H

#include "base/rand.h"
#include "unit/outbox/identity/identity_model.h"

#define SCENARIO_CALLS 6
#define SEQUENCE_CALLS 16

/* The promise for a set of calls. */
enum promise {
	/* One person for each device: in every order the same events go to the same addresses. */
	PROMISE_ANY_ORDER,
	/* Persons share a device: the same holds in every order that keeps the calls of each device
	 * in the order of their times. */
	PROMISE_DEVICE_ORDER,
	/* No user comes back to a device after another: in every order an event is resolved once,
	 * as the model resolves it from the calls that have arrived. */
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
/* Makes a sequence in an order of arrival that the promise covers; returns the number of calls. */
size_t sequence_make(struct rand *rand, enum promise promise, struct call calls[SEQUENCE_CALLS]);
/* Whether the calls of each device arrive in the order of their times. */
bool sequence_keeps_device_order(const struct call *calls, size_t n);

#endif
