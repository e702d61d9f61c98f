/*
 * Fills a batch with due events, in order of arrival, minus those that are taken and those that the
 * order of their address blocks (dispatch/queue/order.h), until there are enough of them or of
 * their bytes; one event that is larger than the limit travels alone. Only neighbors of equal
 * max_batch travel together, so that the halves of a batch that was split stand again as they were,
 * whatever came in between. A request goes to one endpoint: events for another one are passed over,
 * and with them the later ones of their addresses.
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

/* So many due events are passed over in one go, because they are blocked, for another endpoint, or
 * unfit without room in the list, before the batch is left as it is; and a probe chooses among so
 * many. A run of blocked events at the front is not read again (blocked_to). */
#define FILL_LOOK_MAX 1024

/* Where the events come from, and what they may become. */
struct fill {
	struct outbox_port *outbox;
	int64_t site_id;
	int64_t now;           /* wall ms */
	int64_t horizon;       /* wall ms: no event is delayed longer */
	int64_t expire_before; /* received before: too old; AGE_NONE: no event is */
	struct batch_limits limits;
	const struct composer *composer;
	const struct mapping_options *mapping;
	const struct taken *taken; /* these are left out */
	const struct order *order;
	bool overlap; /* it goes out only after what is in flight has settled its events */
	/* All events up to this one are blocked, or delayed themselves: reading begins behind it,
	 * and moves it on. */
	int64_t *blocked_to;
	struct unfit *unfit;
};

/*
 * Adds due events. 0 when the batch is full or nothing more is due; -1 when reading failed or
 * memory ran out: the batch keeps what it held, and is whole. Events that no request can carry go
 * to f->unfit when it has room, else they are passed over for now.
 */
int fill_batch(struct batch *b, const struct fill *f, struct err *e);
/* The same with this one event, into an empty batch. */
int fill_batch_alone(struct batch *b, const struct fill *f, int64_t id, struct err *e);
/* The due events above `after` that can be taken, without the run of blocked ones. */
struct due_query fill_query(const struct fill *f, int64_t after);

#endif
