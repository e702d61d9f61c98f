/*
 * Events that travel together: their ids, their addresses, and what they have in common. Owns its
 * memory, which is kept from use to use. One thread.
 */
#ifndef DISPATCH_MEMBERS_H
#define DISPATCH_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct members {
	int64_t *ids;        /* ascending */
	uint64_t *addresses; /* order_address of each */
	size_t n;
	size_t max;
	unsigned group;  /* max_batch of each of them; 0: any */
	int64_t charged; /* attempts charged to the first */
};

/* Makes room for max events. -1: no memory, and there is room for as many as before. */
int members_reserve(struct members *m, size_t max, struct err *e);
void members_free(struct members *m);
/* There must be room. */
void members_copy(struct members *to, const struct members *from);
bool members_have(const struct members *m, int64_t id);
/* The number of events that travel together after a split. */
unsigned members_half(const struct members *m);

#endif
