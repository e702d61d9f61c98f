/*
 * A batch: the body of one request and the ids of its events, filled from the outbox.
 *
 * Events come in order of arrival, minus those in flight and those that the order of their address
 * holds back (dispatch/order.h), until there are enough of them or of their bytes; one event that
 * is larger than the limit travels alone. Only neighbours of equal max_batch travel together, so
 * that the halves of a batch that was split stand again as they were, whatever came in between.
 * A request goes to one endpoint: events for another one are passed over, and with them the later
 * ones of their addresses.
 *
 * A batch can be filled further later, as long as it is not full. Memory is kept from batch to
 * batch. One thread.
 */
#ifndef DISPATCH_BATCH_H
#define DISPATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "dispatch/inflight.h"
#include "dispatch/order.h"
#include "event/kind.h"
#include "event/mapping/mapping.h"
#include "outbox/read/reader.h"

/* A body never grows past this, whatever a single event holds. */
#define BATCH_BODY_MAX ((size_t)64 << 20)
#define BATCH_UNFIT_MAX 256
/* So many due events are passed over in one go, because they are held back, for another endpoint,
 * or unfit without room in the list, before the batch is left as it is; and a probe chooses among
 * so many. A run of them from the first one on, all waiting for an older one, is not read again
 * (held_to). */
#define BATCH_LOOK_MAX 1024

struct batch {
	int64_t *ids;        /* ascending */
	uint64_t *addresses; /* order_address of each */
	size_t n;
	struct buf body;
	bool full;       /* no further event fits */
	bool by_bytes;   /* it is, because of their bytes */
	bool unfinished; /* nobody was found yet, and there is more to look at */
	enum bento_endpoint endpoint;
	unsigned n_items;      /* what Bento counts */
	unsigned n_maybe_sent; /* items that an earlier attempt may have delivered */
	unsigned group;        /* max_batch of each of them; 0: any */
	int64_t charged;       /* attempts of its first event */
	int64_t built_ms;      /* monotonic: when its first event was read */
};

/* Events that no request will carry, all for the same reason. */
struct batch_unfit {
	int64_t ids[BATCH_UNFIT_MAX]; /* ascending */
	size_t n;
	const char *reason; /* static; NULL: none yet */
	enum event_status status;
	bool locked; /* it is being settled: takes no more */
};

struct batch_source {
	struct outbox_reader *reader;
	int64_t site_id;
	int64_t now;           /* wall ms */
	int64_t horizon;       /* wall ms: nothing waits longer */
	int64_t expire_before; /* received before: too old; AGE_NONE: nothing is */
	size_t max_items;      /* just now, at most those of batch_init; one event is never torn */
	size_t max_bytes;
	const struct mapping_options *mapping;
	const struct inflight *taken; /* these are left out */
	const struct order *order;
	/* Every event up to this one that has no time of its own to wait for waits for an older one
	 * of its address: reading begins behind it, and moves it on. */
	int64_t *held_to;
	bool overlap; /* it goes out only when what is flying has settled its events */
	struct batch_unfit *unfit;
};

struct suspects;

/* One event to ask Bento with: another one than before. */
struct batch_probe {
	int64_t after;                   /* the last probe's: preferably one behind it */
	const struct suspects *suspects; /* preferably none that is in doubt */
};

int batch_init(struct batch *b, size_t max_events, struct err *e);
void batch_free(struct batch *b);
/* Empty again; the memory stays. */
void batch_clear(struct batch *b);

/*
 * Adds due events. 0 when it is full or nothing more is due; -1 when reading failed or there is no
 * memory: what it had got until then is kept and whole. Those that no request can carry go to
 * source->unfit when there is room for them, else they are passed over for now.
 */
int batch_fill(struct batch *b, const struct batch_source *source, struct err *e);
/*
 * Like batch_fill with a single event, into an empty batch. Preferably one not avoided, then one
 * behind the last, else the first; never one whose address has an older event that waits.
 */
int batch_fill_probe(struct batch *b, const struct batch_source *source,
    const struct batch_probe *probe, struct err *e);
/* Ends the body. No batch_fill after it. */
void batch_close(struct batch *b);

#endif
