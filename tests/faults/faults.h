/* What the experiments in C share: how much to run, and the result for tests/faults/run. */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether tests/faults/run runs the experiment, and not make check. */
static inline bool
faults_whole(void)
{
	return getenv("FAULTS_RUNS") != NULL;
}

/* Returns the number of runs: `small` in make check, LONG_MAX for all points. */
static inline long
faults_runs(long small)
{
	const char *value = getenv("FAULTS_RUNS");

	if (value == NULL)
		return small;
	return strcmp(value, "all") == 0 ? LONG_MAX : strtol(value, NULL, 10);
}

static inline unsigned long
faults_seed(void)
{
	const char *value = getenv("FAULTS_SEED");

	return value == NULL ? 1 : strtoul(value, NULL, 10);
}

/* Reports the points tried and the losses found; calls add up. */
static inline void
faults_result(long points, long lost)
{
	printf("# result: points=%ld lost=%ld\n", points, lost);
	fflush(stdout);
}

/* Returns the pages of resident memory of this process; -1: unknown. */
static inline long
faults_memory(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long size, resident;
	int n = f == NULL ? 0 : fscanf(f, "%ld %ld", &size, &resident);

	if (f != NULL)
		fclose(f);
	return n == 2 ? resident : -1;
}

/* Returns the number of open descriptors of this process, with a constant error; -1: unknown. */
static inline long
faults_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long n = 0;

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

#endif
