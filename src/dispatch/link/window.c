/* The window of the day, in local time. Cannot fail: a time without a date is in every window. */
#include "dispatch/link/window.h"

#include <stdbool.h>
#include <time.h>

#define MINUTE_MS 60000

static bool
is_open(const struct window *w, int minute)
{
	if (w->from <= w->to)
		return minute >= w->from && minute < w->to;
	return minute >= w->from || minute < w->to;
}

int64_t
window_wait(const struct window *w, int64_t wall_ms)
{
	time_t second = (time_t)(wall_ms / 1000);
	int64_t wait;
	struct tm tm;
	int minute;

	if (w->from == w->to || localtime_r(&second, &tm) == NULL)
		return 0;
	minute = tm.tm_hour * 60 + tm.tm_min;
	if (is_open(w, minute))
		return 0;
	/* Daylight saving time may shift the opening: the caller asks again within a minute. */
	wait = (int64_t)((w->from - minute + 1440) % 1440) * MINUTE_MS - wall_ms % MINUTE_MS;
	return wait < WINDOW_WAIT_MAX_MS ? wait : WINDOW_WAIT_MAX_MS;
}
