/*
 * Chooses the single event of a probe, which asks whether the site is ready again: preferably one
 * that is not in doubt, then one behind the last probe, else the first; never one whose address has
 * an older event that waits. Dispatcher thread only.
 */
#ifndef DISPATCH_QUEUE_PROBE_H
#define DISPATCH_QUEUE_PROBE_H

#include <stdint.h>

#include "base/err.h"
#include "dispatch/health/suspects.h"
#include "dispatch/queue/fill.h"

/* Which event it should be: another one than before. */
struct probe {
	int64_t after;                   /* the last probe's: preferably one behind it */
	const struct suspects *suspects; /* preferably none that is in doubt */
};

/* As fill_batch, with a single event, into an empty batch. */
int probe_fill(struct batch *b, const struct fill *f, const struct probe *probe, struct err *e);

#endif
