/*
 * Counts values in ranges, without locks: one thread adds, any thread reads. Values are
 * microseconds; the bounds are static. A value belongs to the first range whose bound it does not
 * exceed.
 */
#ifndef BASE_METER_HISTOGRAM_H
#define BASE_METER_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_MAX 20 /* bounds */

struct histogram_bounds {
	size_t n;
	int64_t at[HISTOGRAM_MAX]; /* ascending, microseconds */
};

/* Zeroed, it is empty. */
struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_MAX + 1]; /* the last one: above all bounds */
	_Atomic uint64_t sum;                       /* microseconds */
};

/* What a histogram holds at one time. */
struct histogram_view {
	const struct histogram_bounds *bounds;
	uint64_t up_to[HISTOGRAM_MAX]; /* number of values that do not exceed each bound */
	uint64_t count;                /* number of all values */
	uint64_t sum;                  /* microseconds */
};

/* A negative value counts as 0: a clock was set back. */
void histogram_add(struct histogram *h, const struct histogram_bounds *bounds, int64_t value);
/* The sum may miss a value that is being added, or have one more. */
void histogram_read(const struct histogram *h, const struct histogram_bounds *bounds,
    struct histogram_view *ret_view);

#endif
