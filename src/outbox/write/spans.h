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
/* A new event extends a span when its id is at most this far after the span's last one. Taken ids
 * that are this close are looked up as one range. */
#define SPAN_GAP 64

/* The newest span of a site, while no attempt has taken events from it. */
struct span_open {
	int64_t site_id;
	int64_t first, last;
	int64_t added; /* events added since the span was written */
};

/* The spans that arriving events extend; written once in each transaction. */
struct spans {
	struct db *db;
	struct span_open open[SPANS_OPEN];
	size_t n;
	size_t next; /* the place to reuse next when all are taken */
};

/* Adds a new event to its site's newest span. Ids must ascend. */
int spans_add(struct spans *s, int64_t site_id, int64_t event_id, struct err *e);
/* Writes the added events. Call it before each commit, and before spans are read. */
int spans_write(struct spans *s, struct err *e);
/* Forgets the spans in memory: other code may change the table, or a rollback changed it. */
void spans_forget(struct spans *s);

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
