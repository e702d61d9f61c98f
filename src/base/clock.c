/*
 * The system's clocks: CLOCK_REALTIME as wall, CLOCK_BOOTTIME as mono, which goes on while the
 * machine sleeps. Reading them cannot fail; a boot whose id cannot be read counts as a new one.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/siphash.h"

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

uint64_t
clock_boot(void)
{
	static const struct siphash_key key = { 1, 2 };
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char id[64];
	ssize_t n = fd < 0 ? 0 : read(fd, id, sizeof(id));

	if (fd >= 0)
		close(fd);
	/* Without it each start looks like another boot: that only makes us more careful. */
	if (n <= 0)
		return (uint64_t)clock_read(CLOCK_REALTIME) | 1;
	return siphash(&key, id, (size_t)n) | 1;
}
