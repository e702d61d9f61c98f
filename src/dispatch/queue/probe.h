/*
 * Chooses the single event of a probe, which tests whether the site is ready again: preferably an
 * event that is not in doubt, then one after the event of the last probe, else the first; never an
 * event behind an older one of its address. Dispatcher thread only.
 */
#ifndef DISPATCH_QUEUE_PROBE_H
#define DISPATCH_QUEUE_PROBE_H

#include <stdint.h>

#include "base/err.h"
#include "dispatch/health/suspects.h"
#include "dispatch/queue/fill.h"

/* Which event a probe prefers. */
struct probe {
	int64_t after;                   /* the last probe's event; a later event is preferred */
	const struct suspects *suspects; /* an event that is not in doubt is preferred */
};

/* Like fill_batch, with a single event in an empty batch. */
int probe_fill(struct batch *b, const struct fill *f, const struct probe *probe, struct err *e);

#endif
