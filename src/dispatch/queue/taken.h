/*
 * The taken events: read into a batch, and not yet settled in the outbox. A sorted set of ids with
 * a maximum. A zeroed struct is an empty set without room. One thread.
 */
#ifndef DISPATCH_QUEUE_TAKEN_H
#define DISPATCH_QUEUE_TAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct taken {
	int64_t *ids; /* ascending */
	size_t n;
	size_t max;
};

/* Makes room for max ids in total. Returns -1 without memory; the room is then unchanged. */
int taken_reserve(struct taken *s, size_t max, struct err *e);
void taken_free(struct taken *s);
void taken_clear(struct taken *s);
bool taken_has(const struct taken *s, int64_t id);
/* Adds ascending ids; skips ids that are already in the set. Returns -1, and changes nothing, when
 * the set would exceed its maximum. */
int taken_add(struct taken *s, const int64_t *ids, size_t n);
/* Removes ascending ids; ids that are not there are ignored. */
void taken_remove(struct taken *s, const int64_t *ids, size_t n);

#endif
