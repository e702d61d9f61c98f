/*
 * A batch: the body of one request and the ids of its events, filled from the outbox.
 *
 * Events come in order of arrival, minus those in flight, until there are enough of them or of
 * their bytes; one event that is larger than the limit travels alone. A batch can be filled further
 * later, as long as it is not closed. Memory is kept from batch to batch. One thread.
 */
#ifndef DISPATCH_BATCH_H
#define DISPATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "dispatch/inflight.h"
#include "event/mapping.h"
#include "outbox/reader.h"

/* A body never grows past this, whatever a single event holds. */
#define BATCH_BODY_MAX ((size_t)64 << 20)
#define BATCH_UNFIT_MAX 256

struct batch {
	int64_t *ids; /* ascending */
	size_t n;
	size_t max_events;
	size_t max_bytes;
	struct buf body;
	bool full;             /* no further event fits */
	unsigned n_maybe_sent; /* events that an earlier attempt may have delivered */
	int64_t built_ms;      /* monotonic: when its first event was read */
};

/* Events that can never become Bento events, all for the same reason. */
struct batch_unfit {
	int64_t ids[BATCH_UNFIT_MAX]; /* ascending */
	size_t n;
	const char *reason; /* static; NULL: none yet */
	bool locked;        /* it is being settled: takes no more */
};

struct batch_source {
	struct outbox_reader *reader;
	int64_t site_id;
	int64_t now; /* wall ms */
	const struct mapping_options *mapping;
	const struct inflight *taken; /* these are left out */
	struct batch_unfit *unfit;
};

int batch_init(struct batch *b, size_t max_events, size_t max_bytes, struct err *e);
void batch_free(struct batch *b);
/* Empty again; the memory stays. */
void batch_clear(struct batch *b);

/*
 * Adds due events. 0 when it is full or nothing more is due; -1 when reading failed or there is no
 * memory: what it had got until then is kept and whole. Those that no request can carry go to
 * source->unfit when there is room for them, else they are passed over for now.
 */
int batch_fill(struct batch *b, const struct batch_source *source, struct err *e);
/* Ends the body. No batch_fill after it. */
void batch_close(struct batch *b);

#endif
