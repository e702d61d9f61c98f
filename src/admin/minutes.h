/*
 * How many events came and were delivered in each minute of the last day. In memory only: after a
 * restart the past is unknown, and is shown as unknown. Pure; admin's thread.
 */
#ifndef ADMIN_MINUTES_H
#define ADMIN_MINUTES_H

#include <stdint.h>

#define MINUTES_KEPT 1440 /* a day */
#define MINUTES_UNKNOWN (-1)

/* Totals since the start of the process; they only grow. */
struct minutes_totals {
	uint64_t received, delivered;
};

struct minutes {
	int64_t first;                /* the minute of the first sample */
	int64_t last;                 /* the minute of the last sample */
	struct minutes_totals before; /* at the last sample */
	struct minutes_totals in[MINUTES_KEPT];
};

/* now: mono ms. The totals are those of now; what happened before this call is left out. */
void minutes_begin(struct minutes *m, int64_t now, struct minutes_totals totals);
/* Adds what happened since the last sample to the minute of `now`. */
void minutes_sample(struct minutes *m, int64_t now, struct minutes_totals totals);
/* Sums `n` minutes, the last of which is `ago` minutes before the last sample. Both members are
 * unknown (-1) when no sample was taken in any of these minutes. */
struct minutes_sum {
	int64_t received, delivered;
};
struct minutes_sum minutes_sum(const struct minutes *m, int ago, int n);

#endif
