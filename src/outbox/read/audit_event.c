/* The audit of single events: pages of a list, counts, and all that is known about one event. */

#include "outbox/filter/message_ids.h"
#include "outbox/read/audit.h"
#include "outbox/read/audit_private.h"

#define WIDE_COLUMN 19 /* body, context */

void
audit_read_event(sqlite3_stmt *stmt, struct audit_event *ret_event)
{
	*ret_event = (struct audit_event){
		.event_id = db_int(stmt, 0),
		.site_id = db_int(stmt, 1),
		.site = db_text(stmt, 2),
		.message_id = db_text(stmt, 3),
		.kind = db_text(stmt, 4),
		.name = db_text(stmt, 5),
		.email = db_text(stmt, 6),
		.status = db_text(stmt, 7),
		.reason = db_text(stmt, 8),
		.attempts = db_int(stmt, 9),
		.maybe_sent = db_int(stmt, 10),
		.received_at = db_int(stmt, 11),
		.occurred_at = db_int(stmt, 12),
		.next_attempt_at = db_int(stmt, 13),
		.settled_at = db_int(stmt, 14),
		.last_attempt_id = db_int(stmt, 15),
		.http_status = (int)db_int(stmt, 16),
		.error = db_text(stmt, 17),
		.detail = db_text(stmt, 18),
	};
}

sqlite3_stmt *
audit_prepare(struct outbox_audit *a, const struct outbox_filter *f, struct buf *sql, int64_t after,
    struct err *e)
{
	sqlite3_stmt *stmt = NULL;

	if (sql->failed)
		err_nomem(e);
	else if (sqlite3_prepare_v2(a->db.handle, sql->p, (int)sql->n, &stmt, NULL) != SQLITE_OK)
		db_error(&a->db, e, "cannot select events");
	else if (filter_bind(f, stmt, after, e) != 0) {
		sqlite3_finalize(stmt);
		stmt = NULL;
	}
	buf_free(sql);
	return stmt;
}

static sqlite3_stmt *
prepare_page(struct outbox_audit *a, const struct outbox_filter *filter,
    const struct audit_page *page, struct err *e)
{
	struct outbox_filter f;
	sqlite3_stmt *stmt;
	struct buf sql;

	if (filter_narrow(&a->db, filter, &f, e) != 0)
		return NULL;
	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql, AUDIT_LIST_COLUMNS);
	filter_sql(&f, FILTER_WANT_EVENT | FILTER_WANT_SITE | FILTER_WANT_ATTEMPT, &sql);
	if (page->newest)
		buf_append_literal(&sql, " AND d.event_id < :before ORDER BY d.event_id DESC");
	else
		buf_append_literal(&sql, " ORDER BY d.event_id");
	buf_append_literal(&sql, " LIMIT :rows");
	stmt = audit_prepare(a, &f, &sql, page->newest ? 0 : page->from, e);
	filter_narrow_end(filter, &f);
	if (stmt == NULL)
		return NULL;
	if (page->newest)
		sqlite3_bind_int64(stmt, sqlite3_bind_parameter_index(stmt, ":before"),
		    page->from == 0 ? INT64_MAX : page->from);
	sqlite3_bind_int64(stmt, sqlite3_bind_parameter_index(stmt, ":rows"), (int64_t)page->rows);
	return stmt;
}

int
outbox_audit_list(struct outbox_audit *a, const struct outbox_filter *f, struct audit_page *page,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	struct audit_event event;
	sqlite3_stmt *stmt;
	size_t rows = 0;
	int rc;

	if (page->rows > AUDIT_PAGE_MAX)
		page->rows = AUDIT_PAGE_MAX;
	stmt = prepare_page(a, f, page, e);
	if (stmt == NULL)
		return -1;
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		audit_read_event(stmt, &event);
		each(arg, &event);
		page->from = event.event_id;
		rows++;
	}
	sqlite3_finalize(stmt);
	page->rows = rows;
	return rc;
}

int
outbox_audit_count(
    struct outbox_audit *a, const struct outbox_filter *filter, int64_t *ret_count, struct err *e)
{
	struct outbox_filter f;
	sqlite3_stmt *stmt;
	struct buf sql;
	int rc;

	if (filter_narrow(&a->db, filter, &f, e) != 0)
		return -1;
	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql, "SELECT count(*)");
	filter_sql(&f, 0, &sql);
	stmt = audit_prepare(a, &f, &sql, 0, e);
	filter_narrow_end(filter, &f);
	if (stmt == NULL)
		return -1;
	rc = db_step(&a->db, stmt, e);
	if (rc == 1)
		*ret_count = db_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == 1 ? 0 : -1;
}

int
outbox_audit_event(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_EVENT, e);
	struct audit_event event;
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	rc = db_step(&a->db, stmt, e);
	if (rc == 1) {
		audit_read_event(stmt, &event);
		event.body = db_text(stmt, WIDE_COLUMN);
		event.context = db_text(stmt, WIDE_COLUMN + 1);
		event.integrations = db_text(stmt, WIDE_COLUMN + 2);
		event.browser = db_int(stmt, WIDE_COLUMN + 3) != 0;
		each(arg, &event);
		db_done(stmt);
	}
	return rc;
}

static void
read_attempt(sqlite3_stmt *stmt, struct audit_attempt *ret_attempt)
{
	*ret_attempt = (struct audit_attempt){
		.attempt_id = db_int(stmt, 0),
		.started_at = db_int(stmt, 1),
		.finished_at = db_int(stmt, 2),
		.duration_ms = db_int(stmt, 3),
		.events = db_int(stmt, 4),
		.bytes = db_int(stmt, 5),
		.http_status = (int)db_int(stmt, 6),
		.outcome = db_text(stmt, 7),
		.error = db_text(stmt, 8),
		.response = db_text(stmt, 9),
		.mapping = db_text(stmt, 10),
		.endpoint = db_text(stmt, 11),
	};
}

int
outbox_audit_attempts(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_attempt *attempt), void *arg, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_ATTEMPTS, e);
	struct audit_attempt attempt;
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		read_attempt(stmt, &attempt);
		each(arg, &attempt);
	}
	return rc;
}

int
outbox_audit_operations(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_operation *operation), void *arg, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_OPERATIONS, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		struct audit_operation operation = {
			.operation_id = db_int(stmt, 0),
			.at = db_int(stmt, 1),
			.actor = db_text(stmt, 2),
			.verb = db_text(stmt, 3),
			.note = db_text(stmt, 4),
			.status = db_text(stmt, 5),
			.reason = db_text(stmt, 6),
		};

		each(arg, &operation);
	}
	return rc;
}
