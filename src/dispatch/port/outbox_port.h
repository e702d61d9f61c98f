/*
 * The part of the outbox that the dispatcher needs, as an interface that tests can fake. It reads
 * due events, and sends messages to the writer.
 *
 * Dispatcher thread only. Times are wall ms.
 */
#ifndef DISPATCH_PORT_OUTBOX_PORT_H
#define DISPATCH_PORT_OUTBOX_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/message.h"
#include "outbox/read/reader.h"

struct outbox;

/* Selects due events. */
struct due_query {
	int64_t site_id;
	int64_t now;
	int64_t horizon;     /* an event with a later retry time is due, too, because the clock must
				have jumped */
	int64_t after;       /* only events with ids above this one */
	int64_t fresh_after; /* of events without a retry time, only ids above this one */
	const int64_t *taken; /* ids to leave out, ascending */
	size_t n_taken;
};

struct outbox_port {
	/*
	 * Calls each for the due events, in order of arrival, until it returns false, in one read
	 * transaction. The event's slices are valid during the call.
	 */
	int (*due)(struct outbox_port *p, const struct due_query *q,
	    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e);
	/* Like due, but for the events with these ids, whether they are due or not. Skips an event
	 * that does not exist. */
	int (*load)(struct outbox_port *p, const int64_t *ids, size_t n,
	    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e);
	/* Gives the time when the first delayed event of the site becomes due; 0: none is
	 * delayed. */
	int (*soonest)(struct outbox_port *p, int64_t site_id, int64_t *ret_at, struct err *e);
	/* Calls each for the site's pending events that have or had a retry time, with the address
	 * that each goes to, in any order. */
	int (*delayed)(struct outbox_port *p, int64_t site_id,
	    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg,
	    struct err *e);
	/* Counts the site's pending events, and finds when the oldest of those above `after` was
	 * received that no attempt has taken; 0: there is none. */
	int (*backlog)(struct outbox_port *p, int64_t site_id, int64_t after, int64_t *ret_events,
	    int64_t *ret_oldest_at, struct err *e);
	/* Sends a message to the writer. Returns -1 when the outbox has stopped; the caller then
	 * keeps the message. */
	int (*send)(struct outbox_port *p, struct outbox_msg *msg);
	void (*free)(struct outbox_port *p);
};

/* Makes the real port: its own read-only connection to the database, and o's writer. */
int outbox_port_open(
    const char *database, struct outbox *o, struct outbox_port **ret_port, struct err *e);

#endif
