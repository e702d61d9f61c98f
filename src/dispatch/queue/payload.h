/*
 * The payload of one request: its head, the events with commas between, its tail.
 *
 * An event is offered: its text is appended, but counts only when it is kept. The next offer, or
 * the end, drops what was not kept. The first event that is kept decides the endpoint, and with it
 * the head. A zeroed struct is an empty payload; memory is kept from request to request. One
 * thread.
 */
#ifndef DISPATCH_QUEUE_PAYLOAD_H
#define DISPATCH_QUEUE_PAYLOAD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "dispatch/port/composer.h"

/* It never grows past this, whatever a single event holds. */
#define PAYLOAD_MAX ((size_t)64 << 20)

struct payload {
	struct buf text;
	size_t kept;    /* bytes of the head and of the events that are kept */
	size_t offered; /* bytes with the tail, if the event that is offered were kept */
};

void payload_free(struct payload *p);
/* Empty again; the memory stays. */
void payload_clear(struct payload *p);
/* Offers what the composer makes of the event. COMPOSED: payload_keep cannot fail. */
struct composed payload_offer(struct payload *p, const struct composer *composer,
    const struct mapping_options *mapping, const struct outbox_event *event);
/* Keeps the event that was offered last. */
void payload_keep(struct payload *p);
/* Bytes with what is kept, and the tail. */
size_t payload_size(const struct payload *p);
/* Ends the text, and returns it; nothing can be offered after it. */
struct slice payload_end(struct payload *p);

#endif
