/* Runs a person's query on the connection of outbox/read/audit.h. */
#ifndef OUTBOX_READ_SQL_H
#define OUTBOX_READ_SQL_H

#include "outbox/file/query.h"
#include "outbox/read/audit.h"

/* Calls query_run() of outbox/file/query.h. */
int outbox_query(struct outbox_audit *a, const char *sql, int64_t timeout_ms,
    const struct query_sink *sink, struct err *e);

#endif
