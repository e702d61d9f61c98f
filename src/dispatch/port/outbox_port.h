/*
 * The outbox: what the dispatcher needs of it, as an interface that tests can fake. It reads what
 * is due, and hands messages to the writer.
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

/* Which due events. */
struct due_query {
	int64_t site_id;
	int64_t now;
	int64_t horizon;      /* a retry time past it is due, too: the clock has jumped */
	int64_t after;        /* ids above it, */
	int64_t fresh_after;  /* and those of events without a retry time also above this one, */
	const int64_t *taken; /* without these, ascending */
	size_t n_taken;
};

struct outbox_port {
	/*
	 * Calls each for the due events, in order of arrival, until it returns false. All of them
	 * are seen as they were at the beginning. The event's slices are valid during the call.
	 */
	int (*due)(struct outbox_port *p, const struct due_query *q,
	    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e);
	/* The same for these events, due or not; one that is not there is passed over. */
	int (*load)(struct outbox_port *p, const int64_t *ids, size_t n,
	    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e);
	/* When the first delayed event of the site becomes due; 0: none is delayed. */
	int (*soonest)(struct outbox_port *p, int64_t site_id, int64_t *ret_at, struct err *e);
	/* Calls each for the site's pending events that have or had a retry time, with the address
	 * that they go to, in any order. */
	int (*delayed)(struct outbox_port *p, int64_t site_id,
	    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg,
	    struct err *e);
	/* Hands a message to the writer. -1: the outbox has ended, and the message stays the
	 * caller's. */
	int (*send)(struct outbox_port *p, struct outbox_msg *msg);
	void (*free)(struct outbox_port *p);
};

/* The real one: a read-only connection of its own to the database, and o's writer. */
int outbox_port_open(
    const char *database, struct outbox *o, struct outbox_port **ret_port, struct err *e);

#endif
