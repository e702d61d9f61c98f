/* Shared by the files of the audit. */
#ifndef OUTBOX_AUDIT_PRIV_H
#define OUTBOX_AUDIT_PRIV_H

#include "base/buf.h"
#include "outbox/db.h"

#define AUDIT_SQL_MAX 4096

struct outbox_audit {
	struct db db;
};

struct outbox_filter;

/* Prepares sql (taken and freed), with the filter's parameters bound; the caller finalizes it, and
 * keeps the filter until then. NULL with e set. */
sqlite3_stmt *audit_prepare(struct outbox_audit *a, const struct outbox_filter *f, struct buf *sql,
    int64_t after, struct err *e);

#endif
