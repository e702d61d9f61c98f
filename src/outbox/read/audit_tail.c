/* What happened last, for `tail`: short reads of what is newer than the last id or time seen. */
#include "base/isotime.h"
#include "outbox/read/audit_private.h"
#include "outbox/read/audit_walk.h"

int
outbox_audit_newest(struct outbox_audit *a, struct audit_newest *ret_newest, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_NEWEST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	rc = db_step(&a->db, stmt, e);
	if (rc == 1) {
		*ret_newest = (struct audit_newest){
			.event_id = db_int(stmt, 0),
			.attempt_id = db_int(stmt, 1),
			.operation_id = db_int(stmt, 2),
		};
		db_done(stmt);
	}
	return rc == 1 ? 0 : -1;
}

int
outbox_audit_requests(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_request *request), void *arg, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_REQUESTS, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, after);
	db_bind_int(stmt, 2, rows);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		struct audit_request request = {
			.attempt_id = db_int(stmt, 0),
			.site = db_text(stmt, 1),
			.started_at = db_int(stmt, 2),
			.finished_at = db_int(stmt, 3),
			.duration_ms = db_int(stmt, 4),
			.events = db_int(stmt, 5),
			.http_status = (int)db_int(stmt, 6),
			.outcome = db_text(stmt, 7),
			.error = db_text(stmt, 8),
			.endpoint = db_text(stmt, 9),
			.first_event_id = db_int(stmt, 10),
			.last_event_id = db_int(stmt, 11),
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
	struct audit_event event;
	sqlite3_stmt *stmt;
	struct buf sql;
	int rc;

	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql, AUDIT_LIST_COLUMNS);
	filter_sql(f, FILTER_WANT_EVENT | FILTER_WANT_SITE | FILTER_WANT_ATTEMPT, &sql);
	buf_append_literal(&sql,
	    " AND d.event_id <= :last AND EXISTS (SELECT 1 FROM attempt_event x"
	    " WHERE x.event_id = d.event_id AND x.attempt_id = :attempt)"
	    " ORDER BY d.event_id");
	stmt = audit_prepare(a, f, &sql, of->first_event_id - 1, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, sqlite3_bind_parameter_index(stmt, ":last"), of->last_event_id);
	db_bind_int(stmt, sqlite3_bind_parameter_index(stmt, ":attempt"), of->attempt_id);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		audit_read_event(stmt, &event);
		each(arg, &event);
	}
	sqlite3_finalize(stmt);
	return rc;
}

#define SETTLED "strftime('%Y-%m-%dT%H:%M:%fZ', d.settled_at / 1000.0, 'unixepoch')"

int
outbox_audit_settled(struct outbox_audit *a, const struct outbox_filter *f, int64_t from,
    int64_t to, void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	char first[ISOTIME_SIZE], end[ISOTIME_SIZE];
	struct audit_event event;
	sqlite3_stmt *stmt;
	struct buf sql;
	int rc;

	isotime_format(from, first);
	isotime_format(to, end);
	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql, AUDIT_LIST_COLUMNS);
	filter_sql(f,
	    FILTER_WANT_EVENT | FILTER_WANT_SITE | FILTER_WANT_ATTEMPT | FILTER_BY_SETTLED, &sql);
	buf_append_literal(&sql,
	    " AND " SETTLED " >= :from AND " SETTLED " < :to AND d.status <> 'delivered'"
	    " AND d.settled_at <> e.received_at AND d.settled_at IS NOT a.finished_at"
	    " AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.operation_id = d.operation_id"
	    " AND (o.verb = 'hold' OR o.verb = 'discard' OR o.verb = 'expire'))"
	    " ORDER BY " SETTLED ", d.event_id");
	stmt = audit_prepare(a, f, &sql, 0, e);
	if (stmt == NULL)
		return -1;
	sqlite3_bind_text(
	    stmt, sqlite3_bind_parameter_index(stmt, ":from"), first, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":to"), end, -1, SQLITE_STATIC);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		audit_read_event(stmt, &event);
		each(arg, &event);
	}
	sqlite3_finalize(stmt);
	return rc;
}

int
outbox_audit_operations_after(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *deed), void *arg, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_DEEDS, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, after);
	db_bind_int(stmt, 2, rows);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		struct audit_operation_row deed = {
			.operation_id = db_int(stmt, 0),
			.at = db_int(stmt, 1),
			.actor = db_text(stmt, 2),
			.verb = db_text(stmt, 3),
			.filter = db_text(stmt, 4),
			.note = db_text(stmt, 5),
		};

		each(arg, &deed);
	}
	return rc;
}

int
outbox_audit_touched(struct outbox_audit *a, const struct outbox_filter *f, int64_t operation_id,
    int64_t *ret_count, struct err *e)
{
	sqlite3_stmt *stmt;
	struct buf sql;
	int rc;

	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql, "SELECT count(*)");
	filter_sql(f, 0, &sql);
	buf_append_literal(&sql, " AND d.event_id IN (SELECT event_id FROM operation_event"
				 " WHERE operation_id = :operation)");
	stmt = audit_prepare(a, f, &sql, 0, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, sqlite3_bind_parameter_index(stmt, ":operation"), operation_id);
	rc = db_step(&a->db, stmt, e);
	if (rc == 1)
		*ret_count = db_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == 1 ? 0 : -1;
}
