/* The link of one site: the longest wait of its limits. Cannot fail. */
#include "dispatch/link/link.h"

void
link_init(struct link *l, const struct link_limits *limits)
{
	pace_init(&l->pace, limits->requests_per_minute);
	budget_init(&l->budget, limits->bytes_per_hour);
	l->window = limits->window;
}

void
link_configure(struct link *l, const struct link_limits *limits)
{
	pace_configure(&l->pace, limits->requests_per_minute);
	budget_configure(&l->budget, limits->bytes_per_hour);
	l->window = limits->window;
}

bool
link_is_paced(const struct link *l)
{
	return l->pace.interval_ms != 0 || l->budget.bytes_per_hour != 0;
}

int64_t
link_wait(const struct link *l, int64_t now, int64_t wall_ms)
{
	int64_t others = link_heartbeat_wait(l, now, wall_ms), pace = pace_wait(&l->pace, now);

	return pace > others ? pace : others;
}

int64_t
link_heartbeat_wait(const struct link *l, int64_t now, int64_t wall_ms)
{
	int64_t bytes = budget_wait(&l->budget, now), day = window_wait(&l->window, wall_ms);

	return bytes > day ? bytes : day;
}

void
link_sent(struct link *l, int64_t now, int64_t n)
{
	pace_started(&l->pace, now);
	budget_spend(&l->budget, now, n);
}

void
link_heartbeat_sent(struct link *l, int64_t now)
{
	budget_spend(&l->budget, now, 0);
}
