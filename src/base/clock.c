/*
 * The system's clocks: wall is CLOCK_REALTIME, mono is CLOCK_BOOTTIME, which keeps running while
 * the machine sleeps. NTP clients tell the kernel how far the wall clock may be off, and the kernel
 * lets that bound grow from then on, and forgets it when somebody sets the clock. Reading a clock
 * cannot fail. When the boot id cannot be read, every start counts as a new boot.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/secret/siphash.h"

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

static enum clock_trust
clock_system_trust(void *arg)
{
	struct timex t = { .modes = 0 }; /* only reads */

	(void)arg;
	return adjtimex(&t) >= 0 && (t.status & STA_UNSYNC) == 0 ? CLOCK_CONFIRMED
								 : CLOCK_UNCONFIRMED;
}

const struct clock clock_system = {
	.wall_ms = clock_system_wall,
	.mono_ms = clock_system_mono,
	.trust = clock_system_trust,
};

int64_t
clock_micros(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_awake(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t
clock_boot(void)
{
	static const struct siphash_key key = { 1, 2 };
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char id[64];
	ssize_t n = fd < 0 ? 0 : read(fd, id, sizeof(id));

	if (fd >= 0)
		close(fd);
	/* Without an id every start looks like a new boot, which only makes the program more
	 * careful. */
	if (n <= 0)
		return (uint64_t)clock_read(CLOCK_REALTIME) | 1;
	return siphash(&key, id, (size_t)n) | 1;
}
