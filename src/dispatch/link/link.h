/*
 * The link of one site: when a request may start, by the requests of a minute (link/pace), the
 * bytes of an hour (link/budget) and the part of the day (link/window). Health depends on the
 * answers: see dispatch/health.
 *
 * A heartbeat spends bytes and keeps to the window, but neither waits for the pace nor counts for
 * it: the pace is for Bento, and heartbeats go to a center.
 *
 * Pure; times are monotonic ms, and wall_ms is the wall clock at the same moment.
 */
#ifndef DISPATCH_LINK_LINK_H
#define DISPATCH_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/link/budget.h"
#include "dispatch/link/pace.h"
#include "dispatch/link/window.h"

struct link_limits {
	unsigned requests_per_minute; /* 0: no limit */
	int64_t bytes_per_hour;       /* 0: no limit */
	struct window window;
};

struct link {
	struct pace pace;
	struct budget budget;
	struct window window;
};

void link_init(struct link *l, const struct link_limits *limits);
/* Changes the limits. What was sent still counts. */
void link_configure(struct link *l, const struct link_limits *limits);
/* Whether the start of one request decides when the next may start. */
bool link_is_paced(const struct link *l);

/* Returns how long until a request with events may start; 0: now. */
int64_t link_wait(const struct link *l, int64_t now, int64_t wall_ms);
/* Like link_wait, for a heartbeat. */
int64_t link_heartbeat_wait(const struct link *l, int64_t now, int64_t wall_ms);
/* Records the start of a request with a body of n bytes. */
void link_sent(struct link *l, int64_t now, int64_t n);
void link_heartbeat_sent(struct link *l, int64_t now);

#endif
