/*
 * Reads /proc/self. A sandbox may hide it: what cannot be read is left out. /proc/stat is not
 * needed, which units with ProcSubset=pid do not have.
 */
#include "admin/metrics/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "admin/metrics/exposition.h"

/* Places in /proc/self/stat, where the state, behind the name of the program, has the place 3. */
enum {
	STAT_UTIME = 14,
	STAT_STIME,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_VSIZE,
	STAT_RSS,
	STAT_END
};

/* Some of these numbers can be negative, but none of those that are used. */
static int
read_numbers(const char *behind, unsigned long long ret[STAT_END])
{
	char *end;

	if (strlen(behind) < 4)
		return -1;
	behind += 3; /* ") S" */
	for (int i = 4; i < STAT_END; i++) {
		ret[i] = strtoull(behind, &end, 10);
		if (end == behind)
			return -1;
		behind = end;
	}
	return 0;
}

static int
read_stat(unsigned long long ret[STAT_END])
{
	FILE *f = fopen("/proc/self/stat", "re");
	char line[1024];
	const char *behind = NULL;

	if (f == NULL)
		return -1;
	/* The name, in parentheses, may itself have blanks and parentheses. */
	if (fgets(line, sizeof(line), f) != NULL)
		behind = strrchr(line, ')');
	fclose(f);
	return behind == NULL ? -1 : read_numbers(behind, ret);
}

int64_t
process_started(const struct clock *clock)
{
	struct timespec boot = { 0 };
	unsigned long long s[STAT_END];
	long hz = sysconf(_SC_CLK_TCK);
	int64_t now = clock_wall(clock), up;

	if (read_stat(s) != 0 || hz <= 0)
		return now;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	up = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000;
	return now - up + (int64_t)s[STAT_START] * 1000 / hz;
}

static int
count_files(uint64_t *ret_n)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (d == NULL)
		return -1;
	for (const struct dirent *entry; (entry = readdir(d)) != NULL;)
		n += entry->d_name[0] != '.';
	closedir(d);
	*ret_n = n - 1; /* without the one that reads the directory */
	return 0;
}

static void
expose_stat(struct exposition *x)
{
	static const struct metric cpu = { "process_cpu_seconds_total", METRIC_COUNTER, "seconds",
		"Processor time that the process has used." };
	static const struct metric virtual = { "process_virtual_memory_bytes", METRIC_GAUGE,
		"bytes", "Size of the address space." };
	static const struct metric resident = { "process_resident_memory_bytes", METRIC_GAUGE,
		"bytes", "Memory in use." };
	static const struct metric threads = { "process_threads", METRIC_GAUGE, NULL,
		"Number of threads." };
	unsigned long long s[STAT_END];
	long hz = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);

	if (read_stat(s) != 0 || hz <= 0 || page <= 0)
		return;
	exposition_begin(x, &cpu);
	exposition_micros(
	    x, NULL, 0, (int64_t)((s[STAT_UTIME] + s[STAT_STIME]) * 1000000 / (unsigned long)hz));
	exposition_single(x, &virtual, s[STAT_VSIZE]);
	exposition_single(x, &resident, s[STAT_RSS] * (unsigned long)page);
	exposition_single(x, &threads, s[STAT_THREADS]);
}

static void
expose_files(struct exposition *x)
{
	static const struct metric open = { "process_open_fds", METRIC_GAUGE, NULL,
		"Number of open files and sockets." };
	static const struct metric most = { "process_max_fds", METRIC_GAUGE, NULL,
		"Maximum number of open files and sockets." };
	struct rlimit limit;
	uint64_t n;

	if (count_files(&n) == 0)
		exposition_single(x, &open, n);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		exposition_single(x, &most, limit.rlim_cur);
}

void
process_expose(struct exposition *x, int64_t started_ms)
{
	static const struct metric start = { "process_start_time_seconds", METRIC_GAUGE, "seconds",
		"When the process started." };

	exposition_begin(x, &start);
	exposition_micros(x, NULL, 0, started_ms * 1000);
	expose_stat(x);
	expose_files(x);
}
