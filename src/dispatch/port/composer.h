/*
 * Composes the text of a stored event for a request. This is an interface, so that tests can fake
 * it. Pure; any thread.
 */
#ifndef DISPATCH_PORT_COMPOSER_H
#define DISPATCH_PORT_COMPOSER_H

#include <stdbool.h>

#include "base/buf.h"
#include "event/bento/bento.h"
#include "event/kind.h"
#include "event/mapping/mapping.h"
#include "outbox/read/reader.h"

enum composing {
	COMPOSED,
	COMPOSED_NEVER,  /* no request can carry the event */
	COMPOSED_NO_ROOM /* the buffer has no room, or there is no memory */
};

struct composed {
	enum composing how;
	enum bento_endpoint endpoint; /* COMPOSED: where the event goes */
	unsigned items;               /* COMPOSED: how many items Bento counts; at least 1 */
	const char *reason;           /* COMPOSED_NEVER: static; why */
	enum event_status status;     /* COMPOSED_NEVER: the status that the event gets */
};

struct composer {
	/* Appends members of the endpoint's array, with commas between them. `to` is unchanged
	 * unless the result is COMPOSED. The event must have its body. */
	struct composed (*compose)(
	    const struct mapping_options *o, const struct outbox_event *event, struct buf *to);
	/* Whether the composed text has a unique key by which Bento can drop a repeat. */
	bool (*has_key)(const struct mapping_options *o, const struct outbox_event *event);
};

/* The real composer, by event/mapping. */
extern const struct composer composer_mapping;

#endif
