/*
 * All time comes from a struct clock, so that tests can run days in a second.
 *
 * wall: milliseconds since 1970 UTC, for times that people read; it may jump either way. mono:
 * milliseconds since an arbitrary start, for every wait; it never goes back. Any thread may read
 * the system clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2026-01-01 UTC. A wall clock that shows an earlier time was never set, because this program is
 * newer. */
#define CLOCK_FLOOR INT64_C(1767225600000)

/* What others say about the wall clock: NTP, or a server that answered. */
enum clock_trust { CLOCK_UNCONFIRMED, CLOCK_CONFIRMED, CLOCK_REFUTED };

struct clock {
	int64_t (*wall_ms)(void *arg);
	int64_t (*mono_ms)(void *arg);
	void *arg;
	bool (*is_unset)(
	    void *arg); /* returns whether wall is only an estimate now; NULL: it never is */
	enum clock_trust (*trust)(void *arg); /* NULL: nobody says anything */
};

extern const struct clock clock_system;

/* Returns milliseconds since the boot without those in which the machine slept: how long others
 * have had to answer. Any thread. */
int64_t clock_awake(void);

/* Microseconds since an arbitrary start, for measuring how long something took. Any thread. */
int64_t clock_micros(void);

/* Identifies this boot of the machine; never 0. Values of mono can be compared only within one
 * boot. */
uint64_t clock_boot(void);

static inline int64_t
clock_wall(const struct clock *c)
{
	return c->wall_ms(c->arg);
}

static inline int64_t
clock_mono(const struct clock *c)
{
	return c->mono_ms(c->arg);
}

static inline bool
clock_is_unset(const struct clock *c)
{
	return c->is_unset != NULL && c->is_unset(c->arg);
}

static inline enum clock_trust
clock_trust(const struct clock *c)
{
	return c->trust == NULL ? CLOCK_UNCONFIRMED : c->trust(c->arg);
}

#endif
