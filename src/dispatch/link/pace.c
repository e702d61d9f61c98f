/*
 * The pace of one site: the time of the next start; each start delays the next one. Pure; cannot
 * fail.
 */
#include "dispatch/link/pace.h"

#define MINUTE_MS 60000

void
pace_init(struct pace *p, unsigned requests_per_minute)
{
	p->next_ms = INT64_MIN;
	pace_configure(p, requests_per_minute);
}

void
pace_configure(struct pace *p, unsigned requests_per_minute)
{
	unsigned n = requests_per_minute;

	/* Rounded up: never more requests in a minute than allowed. */
	p->interval_ms = n == 0 ? 0 : (MINUTE_MS + n - 1) / n;
}

int64_t
pace_wait(const struct pace *p, int64_t now_ms)
{
	return p->interval_ms == 0 || now_ms >= p->next_ms ? 0 : p->next_ms - now_ms;
}

void
pace_started(struct pace *p, int64_t now_ms)
{
	p->next_ms = now_ms + p->interval_ms;
}
