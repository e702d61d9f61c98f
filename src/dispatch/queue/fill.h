/*
 * Fills a batch with due events in order of arrival, except taken events, and events that an older
 * one of their address blocks (dispatch/queue/order.h), up to a number of events and of bytes; an
 * event larger than the limit is sent alone. Only consecutive events with equal max_batch are sent
 * together, so that the halves of a split batch stay the same, whatever arrived in between. A
 * request goes to one endpoint: events for another one are skipped, and so are the later ones of
 * their addresses.
 *
 * A batch can be filled further later, as long as it is not full. Dispatcher thread only.
 */
#ifndef DISPATCH_QUEUE_FILL_H
#define DISPATCH_QUEUE_FILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/port/composer.h"
#include "dispatch/port/outbox_port.h"
#include "dispatch/queue/batch.h"
#include "dispatch/queue/order.h"
#include "dispatch/queue/taken.h"
#include "dispatch/queue/unfit.h"
#include "event/mapping/mapping.h"

/* The most due events that one call skips: events that are blocked, events for another endpoint,
 * and unfit events for which the list has no room. The batch then stays as it is. A probe chooses
 * among as many events. A run of blocked events at the front is not read again (blocked_to). */
#define FILL_LOOK_MAX 1024

/* The source of events, and the limits of a batch. */
struct fill {
	struct outbox_port *outbox;
	int64_t site_id;
	int64_t now;           /* wall ms */
	int64_t horizon;       /* wall ms: the latest retry time that an event can have */
	int64_t expire_before; /* an event received before this time is too old; AGE_NONE: no event
				  is */
	struct batch_limits limits;
	/* Reading stops early after this many events, but only where it can go on later as if it
	 * had not stopped; 0: it does not. */
	size_t step;
	const struct composer *composer;
	const struct mapping_options *mapping;
	const struct taken *taken; /* events to leave out */
	const struct order *order;
	bool overlap; /* the batch is sent only after the one in flight has settled its events */
	/* All events up to this one are blocked or delayed. Reading begins after this event, and
	 * updates *blocked_to. */
	int64_t *blocked_to;
	/* All events up to this one that have no retry time are taken or settled. Reading begins
	 * after this event, and updates *taken_to. */
	int64_t *taken_to;
	struct unfit *unfit;
};

/*
 * Adds due events. Returns 0 when the batch is full, no more events are due, or reading stopped
 * early (b->unfinished); -1 when reading failed or memory ran out; the batch then keeps the events
 * that it had. Events that no request can carry go to f->unfit if it has room; else they are
 * skipped for now.
 */
int fill_batch(struct batch *b, const struct fill *f, struct err *e);
/* Like fill_batch, with these events, as many as fit, in an empty batch. */
int fill_batch_with(
    struct batch *b, const struct fill *f, const int64_t *ids, size_t n, struct err *e);
/*
 * Returns what keeps the events of a person in order: the address, or the same for all events when
 * they are forwarded to a central spooler, because only that knows who a call is about.
 */
struct slice fill_address(const struct mapping_options *mapping, struct slice email);
/* Returns the query for due events above `after`. It leaves out the taken events, and the blocked
 * ones up to blocked_to. */
struct due_query fill_query(const struct fill *f, int64_t after);

#endif
