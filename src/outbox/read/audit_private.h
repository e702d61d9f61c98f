/* Shared by the files of the audit. One thread at a time. */
#ifndef OUTBOX_READ_AUDIT_PRIVATE_H
#define OUTBOX_READ_AUDIT_PRIVATE_H

#include "outbox/file/db.h"
#include "outbox/filter/walk.h"

struct outbox_audit {
	struct db db;
};

struct audit_event;
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

#endif
