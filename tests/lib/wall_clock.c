/*
 * Preloaded into a program under test: its wall clock starts at the seconds since 1970 in the file
 * WALL_CLOCK and runs on from there. Other clocks are unchanged. Without the file the wall clock is
 * the machine's. Nobody confirms this clock, whatever NTP does on the machine.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	const char *path = getenv("WALL_CLOCK");
	FILE *f = id == CLOCK_REALTIME && path != NULL ? fopen(path, "re") : NULL;
	long long shown, since;
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	/* The time to show, and the time of the machine's clock when that was set, in seconds. */
	if (f != NULL && fscanf(f, "%lld %lld", &shown, &since) == 2)
		ts->tv_sec += shown - since;
	if (f != NULL)
		fclose(f);
	return rc;
}

int
adjtimex(struct timex *t)
{
	*t = (struct timex){ .status = STA_UNSYNC };
	return TIME_ERROR;
}
