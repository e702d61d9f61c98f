/* A clock that moves when the test says so. */
#ifndef LIB_FAKE_CLOCK_H
#define LIB_FAKE_CLOCK_H

#include "base/clock.h"

struct fake_clock {
	int64_t wall;
	int64_t mono;
};

static inline int64_t
fake_clock_wall(void *arg)
{
	return ((struct fake_clock *)arg)->wall;
}

static inline int64_t
fake_clock_mono(void *arg)
{
	return ((struct fake_clock *)arg)->mono;
}

static inline struct clock
fake_clock_of(struct fake_clock *f)
{
	return (struct clock){ .wall_ms = fake_clock_wall, .mono_ms = fake_clock_mono, .arg = f };
}

static inline void
fake_clock_advance(struct fake_clock *f, int64_t ms)
{
	f->wall += ms;
	f->mono += ms;
}

#endif
