/*
 * The events that are on their way: taken into a batch, and not yet settled in the outbox. A set of
 * ids, kept in order, with a maximum given at birth. One thread.
 */
#ifndef DISPATCH_INFLIGHT_H
#define DISPATCH_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct inflight {
	int64_t *ids; /* ascending */
	size_t n;
	size_t max;
};

int inflight_init(struct inflight *s, size_t max, struct err *e);
void inflight_free(struct inflight *s);
bool inflight_has(const struct inflight *s, int64_t id);
/* ids ascending. Those already there are left as they are. -1, and nothing changed, past max. */
int inflight_add(struct inflight *s, const int64_t *ids, size_t n);
/* ids ascending. Those not there are passed over. */
void inflight_remove(struct inflight *s, const int64_t *ids, size_t n);

#endif
