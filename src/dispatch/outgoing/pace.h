/*
 * The pace of one site: requests evenly spaced, measured from start to start, no burst after a
 * rest. Pure; times are monotonic ms that the caller brings.
 */
#ifndef DISPATCH_OUTGOING_PACE_H
#define DISPATCH_OUTGOING_PACE_H

#include <stdint.h>

struct pace {
	int64_t interval_ms; /* 0: no limit */
	int64_t next_ms;     /* not before; INT64_MIN: no request has started */
};

void pace_init(struct pace *p, unsigned requests_per_minute);
/* Another limit. The last start counts. */
void pace_configure(struct pace *p, unsigned requests_per_minute);
/* How long until a request may start; 0: now. */
int64_t pace_wait(const struct pace *p, int64_t now_ms);
/* A request started. */
void pace_started(struct pace *p, int64_t now_ms);

#endif
