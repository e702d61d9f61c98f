/* Shared by the files of the audit. One thread at a time. */
#ifndef OUTBOX_READ_AUDIT_PRIVATE_H
#define OUTBOX_READ_AUDIT_PRIVATE_H

#include "outbox/file/db.h"
#include "outbox/filter/walk.h"

struct outbox_audit {
	struct db db;
};

struct audit_event;
struct audit_failure;
struct stmt_audit_events_row;

void audit_read_event(const struct stmt_audit_events_row *row, struct audit_event *ret_event);
/* Calls `each` for every row of stmt_audit_events, and ends the rows. */
int audit_each_event(struct db_rows *rows, void (*each)(void *arg, const struct audit_event *event),
    void *arg, struct err *e);

/*
 * A walk over matching events in one read transaction (outbox/filter/walk.h). The caller always
 * ends it, with its rc, which audit_walk_end returns.
 */
int audit_walk_begin(struct outbox_audit *a, const struct outbox_filter *f,
    const struct filter_range *range, struct filter_walk *w, struct err *e);
int audit_walk_end(struct outbox_audit *a, struct filter_walk *w, int rc);

/*
 * Failures are walked once for each status, because each has a small index of its own. Fills in the
 * filter of each walk, failed events first; they borrow the texts of f. Returns their number.
 */
#define AUDIT_FAILURE_PARTS (STATUS_COUNT + 1)
size_t audit_failure_parts(
    const struct outbox_filter *f, struct outbox_filter ret_parts[AUDIT_FAILURE_PARTS]);
/* Sets the query of a walk with one of these filters. */
void audit_select_failures(
    struct outbox_audit *a, const struct outbox_filter *f, struct filter_walk *w, struct err *e);
/* Visits the failures of a portion. A failure of the query is found by filter_walk_next. */
void audit_each_failure(struct db_rows *rows,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e);

#endif
