/*
 * All time comes from a struct clock, so that tests can run days in a second.
 *
 * wall: milliseconds since 1970 UTC; may jump either way; for what people read.
 * mono: milliseconds since some start; never goes back; for all waiting.
 * Any thread may read the system clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall_ms)(void *arg);
	int64_t (*mono_ms)(void *arg);
	void *arg;
};

extern const struct clock clock_system;

/* Identifies this boot of the machine; never 0. mono is comparable within one boot only. */
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

#endif
