/*
 * A batch: the payload of one request, its events, and their common values. dispatch/queue/fill.h
 * fills it. Its memory is reused. One thread.
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
	bool probe;      /* a single event that tests whether the site is ready again */
	bool full;       /* no further event fits */
	bool by_bytes;   /* it is full because of its bytes */
	bool unfinished; /* reading stopped early: there are more events to read */
	enum bento_endpoint endpoint;
	unsigned n_items;      /* items as Bento counts them */
	unsigned n_maybe_sent; /* items of events that an earlier attempt may have delivered */
	int64_t built_ms;      /* monotonic: when its first event was read */
};

/* The limits of a batch. The items of one event stay together, so the first event always fits. */
struct batch_limits {
	size_t items; /* at most the room of the members */
	size_t bytes;
};

/* Makes room in a batch that is empty (zeroed at first). Returns -1 without memory; the room is
 * then unchanged. */
int batch_reserve(struct batch *b, size_t max_events, struct err *e);
void batch_free(struct batch *b);
/* Empties the batch; keeps its memory. */
void batch_clear(struct batch *b);

/* Whether the event offered to the payload goes to another endpoint than the events in the
 * batch. */
bool batch_goes_elsewhere(const struct batch *b, const struct composed *composed);
/* Whether the offered event would exceed the limits, together with the present contents of the
 * batch. */
bool batch_overflows(
    const struct batch *b, const struct composed *composed, const struct batch_limits *limits);
/* Keeps the event that was offered to the payload. */
void batch_keep(struct batch *b, const struct outbox_event *event, uint64_t address,
    const struct composed *composed, const struct batch_limits *limits);

#endif
