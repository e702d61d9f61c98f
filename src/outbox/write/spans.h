/*
 * Spans: ranges of event ids. An event on the normal way has a row in event and no row in delivery:
 * the span that contains it names the attempt that took it; without an attempt the event is due.
 * Before anything else happens to an event, it gets a row in delivery, and keeps that row until
 * retention.
 *
 * Writer's thread, inside its transaction. Functions fail on errors of the database and without
 * memory; spans_check also returns ERR_STATE.
 */
#ifndef OUTBOX_WRITE_SPANS_H
#define OUTBOX_WRITE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

/* ---- events that arrive ---------------------------------------------------------------------- */

#define SPANS_OPEN 8 /* sites whose newest span is kept in memory */
/*
 * A span that is written ends this far after its newest event, and a new event extends it when its
 * id is at most this far after that end. So most events write no span, and a span runs over at most
 * twice as many ids of other sites. Taken ids that are this close are looked up as one range.
 */
#define SPAN_GAP 32
/* Events are added to site_count when this many have arrived since. */
#define SPANS_COUNT_AT 256

/* The newest span of a site, while no attempt has taken events from it. */
struct span_open {
	int64_t site_id;
	int64_t first, last;
	bool changed;  /* not yet written */
	int64_t added; /* events added since the last count */
};

/* The spans that arriving events extend. */
struct spans {
	struct db *db;
	struct span_open open[SPANS_OPEN];
	size_t n;
	size_t next;   /* the place to reuse next when all are taken */
	int64_t added; /* events added since the last count */
	/* The places in `open` have all events that are not counted. Otherwise the next commit
	 * counts them in the file. */
	bool open_has_all;
};

/* Adds a new event to its site's newest span. Ids must ascend. */
int spans_add(struct spans *s, int64_t site_id, int64_t event_id, struct err *e);
/*
 * Writes the spans that changed, and counts the added events when there are enough of them. Call it
 * before each commit. With `flush` it counts all events and forgets the spans in memory: do so
 * before anything else reads or changes spans or deliveries.
 */
int spans_write(struct spans *s, bool flush, struct err *e);
/* Forgets what is in memory, because a transaction was rolled back. */
void spans_forget(struct spans *s);
/* Counts the events that are not counted yet. For a file that no writer has open. */
int spans_count_arrivals(struct db *db, struct err *e);

/* ---- events that attempts take --------------------------------------------------------------- */

/* Ids of one span, with no other event of the normal way between them. */
struct spans_run {
	int64_t first, last;
	int64_t span_first, span_last;
};

struct spans_taking {
	struct db *db;
	int64_t site_id;
	const int64_t *ids; /* ascending */
	size_t n;
	bool *excepted; /* for each id: it has a row in delivery */
	struct spans_run *runs;
	size_t n_runs;
};

/*
 * Finds out which events have a row in delivery and which are in spans. ERR_STATE: an event is no
 * longer pending, or is in another attempt. Call spans_free whatever this returns.
 */
int spans_check(struct spans_taking *m, struct err *e);
/* Records the checked events as the members of the attempt. */
int spans_take(const struct spans_taking *m, int64_t attempt_id, struct err *e);
void spans_free(struct spans_taking *m);
/* Gives all members of an attempt rows in delivery and attempt_event, and removes its spans. */
int spans_leave(struct db *db, int64_t site_id, int64_t attempt_id, struct err *e);
/* Counts the delivered members of an attempt that are in spans. They need no other change. */
int spans_count_delivered(
    struct db *db, int64_t site_id, int64_t attempt_id, int64_t events, struct err *e);

/* ---- one event ------------------------------------------------------------------------------- */

/* Gives the event a row in delivery, if it has none. The event's status does not change. */
int spans_leave_one(struct db *db, int64_t event_id, struct err *e);

#endif
