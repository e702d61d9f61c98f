/*
 * The events that are taken: read into a batch, and not yet settled in the outbox. A set of ids,
 * kept in order, with a maximum. A zeroed struct is an empty set without room. One thread.
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

/* Makes room for max ids in all. -1: no memory, and there is room for as many as before. */
int taken_reserve(struct taken *s, size_t max, struct err *e);
void taken_free(struct taken *s);
void taken_clear(struct taken *s);
bool taken_has(const struct taken *s, int64_t id);
/* ids ascending. Those already there are left as they are. -1, and nothing changed, past max. */
int taken_add(struct taken *s, const int64_t *ids, size_t n);
/* ids ascending. Those not there are passed over. */
void taken_remove(struct taken *s, const int64_t *ids, size_t n);

#endif
