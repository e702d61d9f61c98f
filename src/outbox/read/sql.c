/* Passes a person's query to file/query.c, which keeps it from writing. */
#include "outbox/read/sql.h"

#include "outbox/read/audit_private.h"

int
outbox_query(struct outbox_audit *a, const char *sql, int64_t timeout_ms,
    const struct query_sink *sink, struct err *e)
{
	return query_run(&a->db, sql, timeout_ms, sink, e);
}
