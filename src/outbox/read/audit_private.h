/* What the files of the audit share. One thread at a time. */
#ifndef OUTBOX_READ_AUDIT_PRIVATE_H
#define OUTBOX_READ_AUDIT_PRIVATE_H

#include "base/buf.h"
#include "outbox/file/db.h"

#define AUDIT_SQL_MAX 4096

struct outbox_audit {
	struct db db;
};

/* The columns of a list: those of the statement audit_event without the wide ones at its end. */
#define AUDIT_LIST_COLUMNS                                                                         \
	"SELECT d.event_id, d.site_id, s.name, e.message_id, e.kind, e.name,"                      \
	" coalesce(d.email, e.email), d.status, d.reason, d.attempts, d.maybe_sent,"               \
	" e.received_at, e.occurred_at,"                                                           \
	" iif(d.status = 'pending' AND d.next_attempt_at >= 0,"                                    \
	" max(d.next_attempt_at, coalesce(s.next_attempt_at, 0)), 0),"                             \
	" d.settled_at, d.last_attempt_id, a.http_status, a.error, d.detail"

struct outbox_filter;
struct audit_event;

/* Reads these columns. */
void audit_read_event(sqlite3_stmt *stmt, struct audit_event *ret_event);

/* Prepares sql (which is freed) and binds the filter's parameters. The caller finalizes the
 * statement and keeps the filter until then. NULL with e set. */
sqlite3_stmt *audit_prepare(struct outbox_audit *a, const struct outbox_filter *f, struct buf *sql,
    int64_t after, struct err *e);

#endif
