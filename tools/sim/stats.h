/*
 * The simulator's counters since its start. Belongs to one thread.
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
	uint64_t suppressed; /* events whose unique key was seen before */
	uint64_t dropped;    /* answered with success and dropped */
	uint64_t failed;
	uint64_t bytes; /* bytes of bodies */
};

/* Appends the counters as one JSON object. */
void stats_append_json(const struct stats *s, struct buf *to);

#endif
