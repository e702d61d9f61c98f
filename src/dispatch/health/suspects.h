/*
 * The batch that failed last while the site was ready, and may be at fault itself.
 *
 * When the very next probe, with another event, passes, the failure was the batch's: its events
 * travel in halves from then on, until one stands alone. An event that fails alone, and had been
 * set apart before, is charged: it is delayed, and fails for good after max_attempts. When the
 * probe fails as well, it is an outage, and nobody is charged.
 *
 * Nobody is charged the first time: a short outage that ends between the two requests looks the
 * same, but hardly twice in a row for the same event. No clock, no outbox; dispatcher thread only.
 */
#ifndef DISPATCH_HEALTH_SUSPECTS_H
#define DISPATCH_HEALTH_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/members.h"

/* Events that failed alone, remembered so that no probe is made with them while there are others.
 */
#define SUSPECTS_FALLEN 64
#define SUSPECTS_STRIKES 2

struct fallen {
	int64_t id;       /* 0: the place is free */
	unsigned strikes; /* how often it opened the breaker, and another one passed later */
};

struct suspects {
	struct members members;
	bool murky; /* a probe that was in doubt itself has failed since */
	bool
	    blamed; /* the decision about them is being recorded: they are not replaced meanwhile */
	struct fallen fallen[SUSPECTS_FALLEN]; /* a ring: the newest that have not passed since */
	size_t n_fallen;                       /* ever */
};

int suspects_reserve(struct suspects *u, size_t max, struct err *e);
void suspects_free(struct suspects *u);
/* Forgets everything. */
void suspects_reset(struct suspects *u);

/* The site was ready, and this batch failed in a way that may be its own fault. */
void suspects_note(struct suspects *u, const struct members *members);
void suspects_clear(struct suspects *u);
bool suspects_have(const struct suspects *u, int64_t id);
/* The event was alone in a request, and failed in a way that may be its own fault. Whether it had
 * fallen before. */
bool suspects_fell(struct suspects *u, int64_t id);
/* A probe failed that says nothing new. */
void suspects_doubt_more(struct suspects *u);
/* The event passed, or is settled. */
void suspects_stood(struct suspects *u, int64_t id);
/* Is the event a suspect, or did it fall before? Then another one is better for a probe. */
bool suspects_doubt(const struct suspects *u, int64_t id);
/*
 * A probe with another event passed. True when the suspects are to blame: they stay as they are
 * until suspects_settled. When only events that fell before have failed in between, that may have
 * been an outage as well: then it takes SUSPECTS_STRIKES of such.
 */
bool suspects_blame(struct suspects *u);
/* The decision about them is recorded, or was given up. */
void suspects_settled(struct suspects *u);

#endif
