/* Finds the latest changes for `tail`, by short reads of the rows that are newer than the last id
 * or time seen. Fails on errors of the database. */
#include "outbox/read/audit_private.h"
#include "outbox/read/audit_walk.h"

int
outbox_audit_newest(struct outbox_audit *a, struct audit_newest *ret_newest, struct err *e)
{
	struct stmt_audit_newest_row row;

	if (stmt_audit_newest(&a->db, &row, e) != 1)
		return -1;
	*ret_newest = (struct audit_newest){
		.event_id = row.event_id,
		.attempt_id = row.attempt_id,
		.operation_id = row.operation_id,
	};
	return 0;
}

int
outbox_audit_requests(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_request *request), void *arg, struct err *e)
{
	struct db_rows found = stmt_audit_requests(
	    &a->db, &(struct stmt_audit_requests){ .after = after, .max = rows }, e);
	struct stmt_audit_requests_row row;
	int rc;

	while ((rc = stmt_audit_requests_next(&found, &row, e)) == 1) {
		const struct audit_request request = {
			.attempt_id = row.attempt_id,
			.site = row.site,
			.started_at = row.started_at,
			.finished_at = row.finished_at,
			.duration_ms = row.duration_ms,
			.events = row.events,
			.http_status = (int)row.http_status,
			.outcome = row.outcome,
			.error = row.error,
			.endpoint = row.endpoint,
			.first_event_id = row.first_event_id,
			.last_event_id = row.last_event_id,
		};

		each(arg, &request);
	}
	return rc;
}

int
outbox_audit_members(struct outbox_audit *a, const struct outbox_filter *f,
    const struct audit_members *of, void (*each)(void *arg, const struct audit_event *event),
    void *arg, struct err *e)
{
	struct db_rows rows;
	struct buf sql;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(f, &sql);
	buf_append_literal(&sql, " AND d.event_id <= :high AND (d.span_attempt_id = :attempt"
				 " OR EXISTS (SELECT 1 FROM attempt_event x"
				 " WHERE x.event_id = d.event_id AND x.attempt_id = :attempt))"
				 " ORDER BY d.event_id");
	rows = stmt_audit_events(&a->db, &sql, e);
	filter_bind(f, &rows, of->first_event_id, e);
	db_bind_int_as(&rows, ":high", of->last_event_id, e);
	db_bind_int_as(&rows, ":attempt", of->attempt_id, e);
	return audit_each_event(&rows, each, arg, e);
}

int
outbox_audit_settled(struct outbox_audit *a, const struct outbox_filter *f, int64_t from,
    int64_t to, void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	struct db_rows rows;
	struct buf sql;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(f, &sql);
	buf_append_literal(&sql,
	    " AND d.settled_at >= :from AND d.settled_at < :to AND d.status <> 'delivered'"
	    " AND d.settled_at <> d.received_at AND d.settled_at IS NOT d.finished_at"
	    " AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.operation_id = d.operation_id"
	    " AND (o.verb = 'hold' OR o.verb = 'discard' OR o.verb = 'expire'))"
	    " ORDER BY d.settled_at, d.event_id");
	rows = stmt_audit_events(&a->db, &sql, e);
	filter_bind(f, &rows, 0, e);
	db_bind_int_as(&rows, ":from", from, e);
	db_bind_int_as(&rows, ":to", to, e);
	return audit_each_event(&rows, each, arg, e);
}

int
outbox_audit_operations_after(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *operation), void *arg, struct err *e)
{
	struct db_rows found = stmt_audit_operations_after(
	    &a->db, &(struct stmt_audit_operations_after){ .after = after, .max = rows }, e);
	struct stmt_audit_operations_after_row row;
	int rc;

	while ((rc = stmt_audit_operations_after_next(&found, &row, e)) == 1) {
		const struct audit_operation_row operation = {
			.operation_id = row.operation_id,
			.at = row.at,
			.actor = row.actor,
			.verb = row.verb,
			.filter = row.filter,
			.note = row.note,
		};

		each(arg, &operation);
	}
	return rc;
}

/* The statement does not count: over an aggregate SQLite would read every event of the view. */
int
outbox_audit_touched(struct outbox_audit *a, const struct outbox_filter *f, int64_t operation_id,
    bool *ret_touched, struct err *e)
{
	struct db_rows rows;
	struct buf sql;
	int64_t event_id;
	int rc;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(f, &sql);
	buf_append_literal(&sql, " AND d.event_id IN (SELECT event_id FROM operation_event"
				 " WHERE operation_id = :operation)");
	rows = stmt_audit_match(&a->db, &sql, e);
	filter_bind(f, &rows, 0, e);
	db_bind_int_as(&rows, ":operation", operation_id, e);
	rc = stmt_audit_match_next(&rows, &event_id, e);
	db_rows_end(&rows);
	if (rc < 0)
		return -1;
	*ret_touched = rc == 1;
	return 0;
}
