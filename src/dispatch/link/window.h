/* The part of the day in which a link may be used. Pure but for the time zone. */
#ifndef DISPATCH_LINK_WINDOW_H
#define DISPATCH_LINK_WINDOW_H

#include <stdint.h>

/* In local time, in minutes since midnight: open from `from` until just before `to`, over midnight
 * when `to` is the smaller one. Equal: always open. */
struct window {
	int from;
	int to;
};

/* The longest answer of window_wait: the clock may be set while the caller waits. */
#define WINDOW_WAIT_MAX_MS 60000

/* Returns how long until the window may be open; 0: it is. wall_ms: the wall clock. */
int64_t window_wait(const struct window *w, int64_t wall_ms);

#endif
