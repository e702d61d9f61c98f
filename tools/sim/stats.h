/*
 * What the simulator counted since its start. Belongs to one thread.
 */
#ifndef TOOLS_SIM_STATS_H
#define TOOLS_SIM_STATS_H

#include <stdint.h>

#include "base/buf.h"

#define STATS_STATUSES 600

struct stats {
	uint64_t connections;
	uint64_t requests;
	uint64_t status[STATS_STATUSES]; /* 0: no answer */
	/* events and subscribers */
	uint64_t received;
	uint64_t accepted;
	uint64_t suppressed; /* their unique key was known */
	uint64_t dropped;    /* answered well and forgotten */
	uint64_t failed;
	uint64_t bytes; /* of bodies */
};

/* As one JSON object. */
void stats_append_json(const struct stats *s, struct buf *to);

#endif
