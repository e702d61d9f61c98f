/*
 * Events that are sent together: their ids, their addresses, and common values. Owns its memory and
 * reuses it. One thread.
 */
#ifndef DISPATCH_MEMBERS_H
#define DISPATCH_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct members {
	int64_t *ids;        /* ascending */
	uint64_t *addresses; /* order_address of each event */
	int64_t *received;   /* wall ms: when each event was received */
	size_t n;
	size_t max;
	unsigned group;  /* max_batch of each event; 0: any size */
	int64_t charged; /* attempts charged to the first event */
};

/* Makes room for max events. Returns -1 without memory; the room is then unchanged. */
int members_reserve(struct members *m, size_t max, struct err *e);
void members_free(struct members *m);
/* The caller has made room. */
void members_copy(struct members *to, const struct members *from);
bool members_have(const struct members *m, int64_t id);
/* Returns the number of events that are sent together after a split. */
unsigned members_half(const struct members *m);

#endif
