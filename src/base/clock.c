#include "base/clock.h"

#include <time.h>

static int64_t
clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
clock_system_wall(void *arg)
{
	(void)arg;
	return clock_read(CLOCK_REALTIME);
}

static int64_t
clock_system_mono(void *arg)
{
	(void)arg;
	return clock_read(CLOCK_BOOTTIME);
}

const struct clock clock_system = {
	.wall_ms = clock_system_wall,
	.mono_ms = clock_system_mono,
};
