/*
 * How long a site waits after failures in a row: exponential with full jitter, so that many
 * spoolers that lost the same server do not come back in step. Pure.
 */
#ifndef DISPATCH_HEALTH_BACKOFF_H
#define DISPATCH_HEALTH_BACKOFF_H

#include <stdint.h>

#include "base/rand.h"

/* The longest that the n-th failure in a row (n from 1) can cost: first_ms doubling up to max_ms.
 */
int64_t backoff_ceiling(unsigned n, int64_t first_ms, int64_t max_ms);
/* Uniform in 1 .. backoff_ceiling. */
int64_t backoff_wait(unsigned n, int64_t first_ms, int64_t max_ms, struct rand *chance);

#endif
