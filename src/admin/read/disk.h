/* How fast the disk fills: the free bytes of the last hour, one number a minute. Pure. */
#ifndef ADMIN_READ_DISK_H
#define ADMIN_READ_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_MINUTES 60
#define DISK_LEAST_MS INT64_C(300000) /* a shorter time says nothing */

/* Zeroed, nothing is known. */
struct disk_history {
	struct {
		int64_t at; /* mono ms */
		int64_t free_bytes;
	} note[DISK_MINUTES + 1]; /* a ring */
	size_t n, next;
};

/* Keeps the number when the last one was noted a minute ago or more. */
void disk_note(struct disk_history *h, int64_t now, int64_t free_bytes);
/* Computes how many bytes are used up in an hour, below 0 if the free space grows. False: not known
 * yet. */
bool disk_growth(
    const struct disk_history *h, int64_t now, int64_t free_bytes, double *ret_per_hour);
/* Returns the hours until min_free bytes are left; below 0: the disk does not fill. */
double disk_hours(int64_t free_bytes, int64_t min_free, double per_hour);

#endif
