/*
 * The circuit breaker of one site: whether Bento can be asked now, and with how much. Pure; times
 * are monotonic ms that the caller brings.
 *
 *	CLOSED     requests flow, in batches of at most breaker_limit events
 *	OPEN       nothing flows until probe_ms; then one request with a single event, the probe
 *	HALF_OPEN  the probe is in flight, nothing else goes out
 *
 * A probe that passes closes the breaker and starts a ramp: the limit is 1 and doubles with each
 * request that passes, up to the full batch. A probe that fails opens the breaker again, for
 *longer. An answer to a request that went out before the last failure is stale: it does not close
 *the breaker and does not count as a failure, because one outage with several requests in flight
 *would look like many.
 */
#ifndef DISPATCH_HEALTH_BREAKER_H
#define DISPATCH_HEALTH_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rand.h"
#include "event/bento/verdict.h"

/* breaker_next: not until something happens. */
#define BREAKER_NEVER INT64_MAX

enum breaker_mode { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	int64_t retry_first_ms;
	int64_t retry_max_ms;
	unsigned full; /* events of a whole batch */

	enum breaker_mode mode;
	enum verdict_site why; /* why it opened; SITE_READY while closed */
	int64_t probe_ms;      /* OPEN: no probe before */
	int64_t not_before_ms; /* no request before: an answer asked for it during a probe */
	unsigned failures;     /* in a row */
	unsigned throttled;    /* of them 429s */
	unsigned ramp;         /* events that a request may carry while closed */
	uint64_t epoch;        /* counts the failures: an answer from another epoch is stale */
};

struct breaker_failure {
	uint64_t epoch;        /* breaker->epoch when the request went out */
	enum verdict_site why; /* not SITE_READY */
	int64_t wait_at_least_ms;
	bool suspected; /* the batch failed before: after a pause the probe comes soon, because it
			 * may be that batch again */
};

void breaker_init(
    struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch);
/* Other settings. The state stays; a ramp that was at its end stays there. */
void breaker_configure(
    struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch);
/* When the next request may go out. INT64_MIN: at once; BREAKER_NEVER: after the probe. */
int64_t breaker_next(const struct breaker *b);
/* Would a request be the probe? */
bool breaker_is_probing(const struct breaker *b);
/* Events that a request may carry. */
unsigned breaker_limit(const struct breaker *b);
/* Only one request at a time may be in flight: the breaker probes, or the ramp is not over. */
bool breaker_is_careful(const struct breaker *b);

/* A request goes out. Returns the epoch to bring along with its answer. */
uint64_t breaker_sent(struct breaker *b);
/* The probe ended without saying anything about Bento: another one may go at once. */
void breaker_lost(struct breaker *b);
/* Whether the answer counts; a stale one does not. */
bool breaker_passed(struct breaker *b, uint64_t epoch);
/* Whether the state changed. A stale answer changes it only when it asks for a longer wait. */
bool breaker_failed(
    struct breaker *b, const struct breaker_failure *f, int64_t now, struct rand *chance);
/* Ends every wait: the next probe may go at once. */
void breaker_retry(struct breaker *b, int64_t now);

const char *breaker_mode_name(enum breaker_mode mode);

#endif
