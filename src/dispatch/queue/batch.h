/*
 * A batch: the body of one request and its events, filled from the outbox.
 *
 * Events come in order of arrival, minus those that are taken and those that the order of their
 * address blocks (dispatch/queue/order.h), until there are enough of them or of their bytes; one
 * event that is larger than the limit travels alone. Only neighbors of equal max_batch travel
 * together, so that the halves of a batch that was split stand again as they were, whatever came in
 * between. A request goes to one endpoint: events for another one are passed over, and with them
 * the later ones of their addresses.
 *
 * A batch can be filled further later, as long as it is not full. Memory is kept from batch to
 * batch. One thread.
 */
#ifndef DISPATCH_QUEUE_BATCH_H
#define DISPATCH_QUEUE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "dispatch/health/suspects.h"
#include "dispatch/members.h"
#include "dispatch/queue/order.h"
#include "dispatch/queue/taken.h"
#include "dispatch/queue/unfit.h"
#include "event/mapping/mapping.h"
#include "outbox/read/reader.h"

/* A body never grows past this, whatever a single event holds. */
#define BATCH_BODY_MAX ((size_t)64 << 20)
/* So many due events are passed over in one go, because they are blocked, for another endpoint, or
 * unfit without room in the list, before the batch is left as it is; and a probe chooses among so
 * many. A run of blocked events at the front is not read again (blocked_to). */
#define BATCH_LOOK_MAX 1024

struct batch {
	struct members members;
	struct buf body;
	bool probe;      /* a single event that asks whether the site is ready again */
	bool full;       /* no further event fits */
	bool by_bytes;   /* it is full because of their bytes */
	bool unfinished; /* no event was found yet, and there are more to look at */
	enum bento_endpoint endpoint;
	unsigned n_items;      /* what Bento counts */
	unsigned n_maybe_sent; /* items that an earlier attempt may have delivered */
	int64_t built_ms;      /* monotonic: when its first event was read */
};

/* Where the events come from, and what a batch may hold. */
struct batch_source {
	struct outbox_reader *reader;
	int64_t site_id;
	int64_t now;           /* wall ms */
	int64_t horizon;       /* wall ms: no event is delayed longer */
	int64_t expire_before; /* received before: too old; AGE_NONE: no event is */
	size_t max_items;      /* at most the room of the members; one event is never torn */
	size_t max_bytes;
	const struct mapping_options *mapping;
	const struct taken *taken; /* these are left out */
	const struct order *order;
	bool overlap; /* it goes out only after what is in flight has settled its events */
	/* All events up to this one are blocked, or delayed themselves: reading begins behind it,
	 * and moves it on. */
	int64_t *blocked_to;
	struct unfit *unfit;
};

/* Which event a probe should be: another one than before. */
struct batch_probe {
	int64_t after;                   /* the last probe's: preferably one behind it */
	const struct suspects *suspects; /* preferably none that is in doubt */
};

/* Makes room in an empty batch, zeroed at first. -1: no memory, and the room is as before. */
int batch_reserve(struct batch *b, size_t max_events, struct err *e);
void batch_free(struct batch *b);
/* Empty again; the memory stays. */
void batch_clear(struct batch *b);

/*
 * Adds due events. 0 when the batch is full or nothing more is due; -1 when reading failed or
 * memory ran out: the batch keeps what it held, and is whole. Events that no request can carry go
 * to source->unfit when it has room, else they are passed over for now.
 */
int batch_fill(struct batch *b, const struct batch_source *source, struct err *e);
/*
 * Like batch_fill with a single event, into an empty batch. Preferably one not in doubt, then one
 * behind the last probe, else the first; never one whose address has an older event that waits.
 */
int batch_fill_probe(struct batch *b, const struct batch_source *source,
    const struct batch_probe *probe, struct err *e);
/* Ends the body. No batch_fill after it. */
void batch_close(struct batch *b);
/* May all its events be sent again without a second effect at Bento? Reads them again. */
bool batch_is_repeatable(
    const struct batch *b, struct outbox_reader *reader, const struct mapping_options *mapping);

#endif
