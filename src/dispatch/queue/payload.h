/*
 * The payload of one request: its head, the events with commas between them, its tail.
 *
 * An offer appends an event's text, which counts only once it is kept; otherwise the next offer, or
 * the end, drops the text. The first event that is kept decides the endpoint, and with it the head.
 * A zeroed struct is an empty payload; its memory is reused. One thread.
 */
#ifndef DISPATCH_QUEUE_PAYLOAD_H
#define DISPATCH_QUEUE_PAYLOAD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "dispatch/port/composer.h"

/* The maximum size, whatever a single event contains. */
#define PAYLOAD_MAX ((size_t)64 << 20)

struct payload {
	struct buf text;
	size_t kept;    /* bytes of the head and of the kept events */
	size_t offered; /* bytes with the tail, if the offered event is kept */
};

void payload_free(struct payload *p);
/* Empties the payload; keeps its memory. */
void payload_clear(struct payload *p);
/* Offers the text that the composer makes of the event. After COMPOSED, payload_keep cannot
 * fail. */
struct composed payload_offer(struct payload *p, const struct composer *composer,
    const struct mapping_options *mapping, const struct outbox_event *event);
/* Keeps the event that was offered last. */
void payload_keep(struct payload *p);
/* Returns the bytes of the kept events, head and tail. */
size_t payload_size(const struct payload *p);
/* Adds the tail and returns the text; no offer may follow. */
struct slice payload_end(struct payload *p);

#endif
