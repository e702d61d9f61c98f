/*
 * The pace of one site: evenly spaced requests, measured from start to start, without a burst after
 * a pause. Pure; the caller gives times in monotonic ms.
 */
#ifndef DISPATCH_LINK_PACE_H
#define DISPATCH_LINK_PACE_H

#include <stdint.h>

struct pace {
	int64_t interval_ms; /* 0: no limit */
	int64_t next_ms;     /* no start before this time; INT64_MIN: no request has started */
};

void pace_init(struct pace *p, unsigned requests_per_minute);
/* Changes the limit. The last start still counts. */
void pace_configure(struct pace *p, unsigned requests_per_minute);
/* Returns how long until a request may start; 0: now. */
int64_t pace_wait(const struct pace *p, int64_t now_ms);
/* Records the start of a request. */
void pace_started(struct pace *p, int64_t now_ms);

#endif
