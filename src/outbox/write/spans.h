/*
 * Which way an event goes. On the normal way an event has no row of its own beside what arrived:
 * the spans of its site say which attempt took it, and that it is due while none has. Whatever else
 * becomes of an event, it gets a row in delivery first, and never loses it again.
 *
 * Writer's thread, inside its transaction. Only the database and memory can fail, but for
 * spans_check.
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
#define SPAN_GAP 64  /* ids of others that a span may run over, and that are read to skip them */

/* The newest span of a site, while no attempt took it. */
struct span_open {
	int64_t site_id;
	int64_t first, last;
	int64_t added; /* events since it was written */
};

/* Spans that arriving events make longer, written once a transaction. */
struct spans {
	struct db *db;
	struct span_open open[SPANS_OPEN];
	size_t n;
	size_t next; /* the one that makes room */
};

/* A new event is on the normal way. Ids must ascend. */
int spans_add(struct spans *s, int64_t site_id, int64_t event_id, struct err *e);
/* Writes what was added. Before each commit, and before anything looks at spans. */
int spans_write(struct spans *s, struct err *e);
/* Forgets all: somebody may change spans, or a transaction was rolled back. */
void spans_forget(struct spans *s);

/* ---- events that attempts take --------------------------------------------------------------- */

/* Ids of one span, next to each other on the normal way. */
struct spans_run {
	int64_t first, last;
	int64_t span_first, span_last;
};

struct spans_taking {
	struct db *db;
	int64_t site_id;
	const int64_t *ids; /* ascending */
	size_t n;
	bool *excepted; /* of each id: it has a row in delivery */
	struct spans_run *runs;
	size_t n_runs;
};

/*
 * Finds out which way each event goes. ERR_STATE: one is not pending any more, or in another
 * attempt. Whatever it returns, spans_free follows.
 */
int spans_check(struct spans_taking *m, struct err *e);
/* The attempt takes them. */
int spans_take(const struct spans_taking *m, int64_t attempt_id, struct err *e);
void spans_free(struct spans_taking *m);
/* The members of an attempt leave the normal way: all have rows, in delivery and attempt_event. */
int spans_leave(struct db *db, int64_t site_id, int64_t attempt_id, struct err *e);
/* All that an attempt delivered are counted; those on the normal way need no more. */
int spans_count_delivered(
    struct db *db, int64_t site_id, int64_t attempt_id, int64_t events, struct err *e);

/* ---- one event ------------------------------------------------------------------------------- */

/* Gives the event a row in delivery, if it has none: it stands as before. */
int spans_leave_one(struct db *db, int64_t event_id, struct err *e);

#endif
