/*
 * How long a site waits after failures in a row: exponential with full jitter, so that many
 * spoolers that lost the same server do not all return at once. Pure.
 */
#ifndef DISPATCH_HEALTH_BACKOFF_H
#define DISPATCH_HEALTH_BACKOFF_H

#include <stdint.h>

#include "base/rand.h"

/* Returns the longest wait after the n-th failure in a row (n from 1): first_ms, doubled up to
 * max_ms. */
int64_t backoff_ceiling(unsigned n, int64_t first_ms, int64_t max_ms);
/* Returns a random wait, uniform in 1 .. backoff_ceiling. */
int64_t backoff_wait(unsigned n, int64_t first_ms, int64_t max_ms, struct rand *chance);

#endif
