/*
 * The circuit breaker of one site: whether a request may be sent now, and how large. Pure; the
 * caller gives times in monotonic ms.
 *
 *	CLOSED     requests flow, in batches of at most breaker_limit events
 *	OPEN       nothing flows until probe_ms; then one request with a single event, the probe
 *	HALF_OPEN  the probe is in flight, nothing else goes out
 *
 * A probe that passes closes the breaker and starts a ramp: the limit is 1 and doubles with each
 * request that passes, up to the full batch. A probe that fails opens the breaker again, for a
 * longer time.
 *
 * While events are known to cause failures (breaker_failure.resume), the first BREAKER_AT_ONCE
 * probes do not wait, and the ramp does not begin at 1. The probe after them makes up for it: it
 * goes out when it would have if each had waited. So an outage gets no more probes, only the first
 * ones earlier.
 *
 * An answer to a request that was sent before the last failure is stale: it does not
 * close the breaker and does not count as a failure; otherwise one outage with several requests in
 * flight would look like several outages.
 */
#ifndef DISPATCH_HEALTH_BREAKER_H
#define DISPATCH_HEALTH_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rand.h"
#include "event/bento/verdict.h"

/* breaker_next returns this while the probe is in flight. */
#define BREAKER_NEVER INT64_MAX
/* How many probes in a row go out at once while events are known to cause failures. When one event
 * in ten does, so many probes fail in a row once in 1,000 times. */
#define BREAKER_AT_ONCE 3

enum breaker_mode { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	int64_t retry_first_ms;
	int64_t retry_max_ms;
	unsigned full; /* events of a full batch */

	enum breaker_mode mode;
	enum verdict_site why; /* why it opened; SITE_READY while closed */
	int64_t probe_ms;      /* OPEN: no probe before this time */
	/* no request before this time, because a stale answer asked for a longer wait */
	int64_t not_before_ms;
	unsigned failures;  /* failures in a row */
	unsigned throttled; /* how many of these failures were 429 answers */
	unsigned ramp;      /* events that a request may carry while closed */
	unsigned resume;    /* the ramp after the next probe that passes */
	int64_t owed_ms;    /* the waits that probes at once have skipped */
	uint64_t epoch;     /* number of failures: an answer from another epoch is stale */
};

struct breaker_failure {
	uint64_t epoch;        /* breaker->epoch when the request went out */
	enum verdict_site why; /* not SITE_READY */
	int64_t wait_at_least_ms;
	bool suspected; /* the batch had failed before, so it may be at fault: even a pause is
			   probed soon */
	/* not 0: events are known to cause such failures, so the first probes go out at once; and
	 * when one passes, a request may carry so many events */
	unsigned resume;
};

void breaker_init(
    struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch);
/* Changes the settings. The state stays, and a ramp that was over stays over. */
void breaker_configure(
    struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch);
/* Returns when the next request may be sent. INT64_MIN: at once; BREAKER_NEVER: after the probe in
 * flight. */
int64_t breaker_next(const struct breaker *b);
/* Whether a request would be the probe. */
bool breaker_is_probing(const struct breaker *b);
/* Returns how many events a request may carry. */
unsigned breaker_limit(const struct breaker *b);
/* Whether only one request may be in flight: the breaker probes, or the ramp is not over. */
bool breaker_is_careful(const struct breaker *b);

/* Call it when a request is sent. Returns the epoch to pass with the answer. */
uint64_t breaker_sent(struct breaker *b);
/* Call it when the probe ended without information about Bento: another probe may then be sent at
 * once. */
void breaker_lost(struct breaker *b);
/* Call it when a request passed. Returns whether the answer counts; a stale answer does not. */
bool breaker_passed(struct breaker *b, uint64_t epoch);
/* Whether the next probe goes out at once after this failure, if it is not stale. */
bool breaker_probes_at_once(const struct breaker *b, const struct breaker_failure *f);
/* Call it when a request failed. Returns whether the state changed. A stale answer changes it only
 * when it asks for a longer wait. */
bool breaker_failed(
    struct breaker *b, const struct breaker_failure *f, int64_t now, struct rand *chance);
/* Ends every wait: the next probe may be sent at once. */
void breaker_retry(struct breaker *b, int64_t now);

const char *breaker_mode_name(enum breaker_mode mode);

#endif
