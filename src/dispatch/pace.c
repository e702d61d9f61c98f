#include "dispatch/pace.h"

void
pace_init(struct pace *p, unsigned requests_per_minute)
{
	/* Rounded up: never more requests in a minute than allowed. */
	int64_t interval =
	    requests_per_minute == 0 ? 0 : (60000 + requests_per_minute - 1) / requests_per_minute;

	*p = (struct pace){ .interval_ms = interval, .next_ms = INT64_MIN };
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
