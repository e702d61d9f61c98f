/*
 * A batch: the payload of one request and its events, and what they have in common. It is filled by
 * dispatch/queue/fill.h. Memory is kept from batch to batch. One thread.
 */
#ifndef DISPATCH_QUEUE_BATCH_H
#define DISPATCH_QUEUE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/members.h"
#include "dispatch/port/composer.h"
#include "dispatch/queue/payload.h"

struct batch {
	struct members members;
	struct payload payload;
	bool probe;      /* a single event that asks whether the site is ready again */
	bool full;       /* no further event fits */
	bool by_bytes;   /* it is full because of their bytes */
	bool unfinished; /* no event was found yet, and there are more to look at */
	enum bento_endpoint endpoint;
	unsigned n_items;      /* what Bento counts */
	unsigned n_maybe_sent; /* items that an earlier attempt may have delivered */
	int64_t built_ms;      /* monotonic: when its first event was read */
};

/* What a batch may hold at most; one event is never torn, so the first one always fits. */
struct batch_limits {
	size_t items; /* at most the room of the members */
	size_t bytes;
};

/* Makes room in an empty batch, zeroed at first. -1: no memory, and the room is as before. */
int batch_reserve(struct batch *b, size_t max_events, struct err *e);
void batch_free(struct batch *b);
/* Empty again; the memory stays. */
void batch_clear(struct batch *b);

/* Does the event that the payload was offered go to another endpoint than the others? */
bool batch_goes_elsewhere(const struct batch *b, const struct composed *composed);
/* Is it too much beside what the batch holds already? */
bool batch_overflows(
    const struct batch *b, const struct composed *composed, const struct batch_limits *limits);
/* Keeps the event that the payload was offered. */
void batch_keep(struct batch *b, const struct outbox_event *event, uint64_t address,
    const struct composed *composed, const struct batch_limits *limits);

#endif
