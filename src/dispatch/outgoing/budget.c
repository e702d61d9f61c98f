/* The byte budget and the window of the day. Cannot fail. */
#include "dispatch/outgoing/budget.h"

#include <stdbool.h>
#include <time.h>

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS 60000

void
budget_init(struct budget *b, int64_t bytes_per_hour)
{
	*b = (struct budget){ .bytes_per_hour = bytes_per_hour, .next_ms = INT64_MIN };
}

void
budget_configure(struct budget *b, int64_t bytes_per_hour)
{
	b->bytes_per_hour = bytes_per_hour;
}

int64_t
budget_wait(const struct budget *b, int64_t now_ms)
{
	return b->bytes_per_hour == 0 || now_ms >= b->next_ms ? 0 : b->next_ms - now_ms;
}

void
budget_spend(struct budget *b, int64_t now_ms, int64_t n)
{
	/* Rounded up: never more bytes in an hour than allowed. */
	if (b->bytes_per_hour > 0)
		b->next_ms =
		    now_ms
		    + ((n + BUDGET_REQUEST) * HOUR_MS + b->bytes_per_hour - 1) / b->bytes_per_hour;
}

static bool
is_open(const struct window *w, int minute)
{
	if (w->from <= w->to)
		return minute >= w->from && minute < w->to;
	return minute >= w->from || minute < w->to;
}

int64_t
window_wait(const struct window *w, int64_t now)
{
	time_t second = (time_t)(now / 1000);
	int64_t wait;
	struct tm tm;
	int minute;

	if (w->from == w->to || localtime_r(&second, &tm) == NULL)
		return 0;
	minute = tm.tm_hour * 60 + tm.tm_min;
	if (is_open(w, minute))
		return 0;
	/* Daylight saving time may shift the opening: then the next look, a minute later at most,
	 * finds it. */
	wait = (int64_t)((w->from - minute + 1440) % 1440) * MINUTE_MS - now % MINUTE_MS;
	return wait < WINDOW_WAIT_MAX_MS ? wait : WINDOW_WAIT_MAX_MS;
}
