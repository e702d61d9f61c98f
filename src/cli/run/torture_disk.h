/* What a directory is on, and how long a sync takes there. Main thread. */
#ifndef CLI_RUN_TORTURE_DISK_H
#define CLI_RUN_TORTURE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct torture_file_system {
	char type[64];     /* "ext4"; "unknown" when it cannot be read */
	char source[256];  /* "/dev/sda1" */
	char options[512]; /* of the mount and of the file system, with commas between them */
};

void torture_file_system(const char *directory, struct torture_file_system *ret);
/* Whether a restart of the machine loses everything. Pure. */
bool torture_is_in_memory(const struct torture_file_system *fs);

struct torture_syncs {
	int64_t n;
	int64_t median_us, p99_us, longest_us;
};

/*
 * Appends to a new file without a name and syncs it each time, for that long, and at least some
 * times. Ends early when stop_fd becomes readable.
 */
int torture_measure_syncs(
    const char *directory, int64_t ms, int stop_fd, struct torture_syncs *ret, struct err *e);
bool torture_is_stopped(int stop_fd);

/* Calls each with a sentence for everything that makes a power cut dangerous there. Pure. */
void torture_doubts(const struct torture_file_system *fs, const struct torture_syncs *syncs,
    void (*each)(void *arg, const char *sentence), void *arg);

#endif
