/* Reads single events for the audit: pages of a list, counts, and everything about one event. Fails
 * on errors of the database. */

#include "outbox/filter/message_ids.h"
#include "outbox/read/audit.h"
#include "outbox/read/audit_private.h"

void
audit_read_event(const struct stmt_audit_events_row *row, struct audit_event *ret_event)
{
	*ret_event = (struct audit_event){
		.event_id = row->event_id,
		.site_id = row->site_id,
		.site = row->site,
		.message_id = row->message_id,
		.kind = row->kind,
		.name = row->name,
		.email = row->email,
		.status = row->status,
		.reason = row->reason,
		.attempts = row->attempts,
		.maybe_sent = row->maybe_sent,
		.received_at = row->received_at,
		.occurred_at = row->occurred_at,
		.next_attempt_at = row->next_attempt_at,
		.settled_at = row->settled_at,
		.last_attempt_id = row->last_attempt_id,
		.http_status = (int)row->http_status,
		.error = row->error,
		.detail = row->detail,
	};
}

int
audit_each_event(struct db_rows *rows, void (*each)(void *arg, const struct audit_event *event),
    void *arg, struct err *e)
{
	struct stmt_audit_events_row row;
	struct audit_event event;
	int rc;

	while ((rc = stmt_audit_events_next(rows, &row, e)) == 1) {
		audit_read_event(&row, &event);
		each(arg, &event);
	}
	return rc;
}

static struct db_rows
select_page(struct outbox_audit *a, const struct outbox_filter *f, const struct audit_page *page,
    struct err *e)
{
	struct db_rows rows;
	struct buf sql;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(f, &sql);
	if (page->newest)
		buf_append_literal(&sql, " AND d.event_id < :before ORDER BY d.event_id DESC");
	else
		buf_append_literal(&sql, " ORDER BY d.event_id");
	buf_append_literal(&sql, " LIMIT :rows");
	rows = stmt_audit_events(&a->db, &sql, e);
	filter_bind(f, &rows, page->newest ? 0 : page->from, e);
	if (page->newest)
		db_bind_int_as(&rows, ":before", page->from == 0 ? INT64_MAX : page->from, e);
	db_bind_int_as(&rows, ":rows", (int64_t)page->rows, e);
	return rows;
}

int
outbox_audit_list(struct outbox_audit *a, const struct outbox_filter *filter,
    struct audit_page *page, void (*each)(void *arg, const struct audit_event *event), void *arg,
    struct err *e)
{
	struct stmt_audit_events_row row;
	struct audit_event event;
	struct outbox_filter f;
	struct db_rows rows;
	size_t n = 0;
	int rc;

	if (page->rows > AUDIT_PAGE_MAX)
		page->rows = AUDIT_PAGE_MAX;
	if (filter_narrow(&a->db, filter, &f, e) != 0)
		return -1;
	rows = select_page(a, &f, page, e);
	filter_narrow_end(filter, &f);
	while ((rc = stmt_audit_events_next(&rows, &row, e)) == 1) {
		audit_read_event(&row, &event);
		each(arg, &event);
		page->from = event.event_id;
		n++;
	}
	page->rows = n;
	return rc;
}

int
outbox_audit_count(
    struct outbox_audit *a, const struct outbox_filter *filter, int64_t *ret_count, struct err *e)
{
	struct outbox_filter f;
	struct db_rows rows;
	struct buf sql;
	int rc;

	if (filter_narrow(&a->db, filter, &f, e) != 0)
		return -1;
	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(&f, &sql);
	rows = stmt_audit_count(&a->db, &sql, e);
	filter_bind(&f, &rows, 0, e);
	filter_narrow_end(filter, &f);
	rc = stmt_audit_count_next(&rows, ret_count, e);
	db_rows_end(&rows);
	return rc == 1 ? 0 : -1;
}

int
outbox_audit_count_up_to(struct outbox_audit *a, const struct outbox_filter *filter, int64_t max,
    int64_t *ret_count, struct err *e)
{
	struct outbox_filter f;
	struct db_rows rows;
	struct buf sql;
	int64_t event_id, n = 0;
	int rc;

	if (filter_narrow(&a->db, filter, &f, e) != 0)
		return -1;
	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(&f, &sql);
	rows = stmt_audit_match(&a->db, &sql, e);
	filter_bind(&f, &rows, 0, e);
	filter_narrow_end(filter, &f);
	while ((rc = stmt_audit_match_next(&rows, &event_id, e)) == 1 && n <= max)
		n++;
	db_rows_end(&rows);
	*ret_count = n;
	return rc < 0 ? -1 : 0;
}

static struct db_rows
select_one(struct outbox_audit *a, int64_t event_id, struct err *e)
{
	struct outbox_filter any;
	struct db_rows rows;
	struct buf sql;

	outbox_filter_init(&any);
	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(&any, &sql);
	buf_append_literal(&sql, " AND d.event_id = :event_id");
	rows = stmt_audit_events(&a->db, &sql, e);
	filter_bind(&any, &rows, 0, e);
	db_bind_int_as(&rows, ":event_id", event_id, e);
	return rows;
}

int
outbox_audit_event(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	struct db_rows rows = select_one(a, event_id, e);
	struct db_rows wide = stmt_audit_event_received(&a->db, event_id, e);
	struct stmt_audit_event_received_row received;
	struct stmt_audit_events_row row;
	struct audit_event event;
	int rc = stmt_audit_events_next(&rows, &row, e);

	if (rc == 1)
		rc = stmt_audit_event_received_next(&wide, &received, e);
	if (rc == 1) {
		audit_read_event(&row, &event);
		event.body = received.body;
		event.context = received.context;
		event.integrations = received.integrations;
		event.browser = received.browser;
		each(arg, &event);
	}
	db_rows_end(&rows);
	db_rows_end(&wide);
	return rc;
}

static void
read_attempt(const struct stmt_audit_attempts_row *row, struct audit_attempt *ret_attempt)
{
	*ret_attempt = (struct audit_attempt){
		.attempt_id = row->attempt_id,
		.started_at = row->started_at,
		.finished_at = row->finished_at,
		.duration_ms = row->duration_ms,
		.events = row->events,
		.bytes = row->bytes,
		.http_status = (int)row->http_status,
		.outcome = row->outcome,
		.error = row->error,
		.response = row->response,
		.mapping = row->settings,
		.endpoint = row->endpoint,
	};
}

int
outbox_audit_attempts(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_attempt *attempt), void *arg, struct err *e)
{
	struct db_rows rows = stmt_audit_attempts(&a->db, event_id, e);
	struct stmt_audit_attempts_row row;
	struct audit_attempt attempt;
	int rc;

	while ((rc = stmt_audit_attempts_next(&rows, &row, e)) == 1) {
		read_attempt(&row, &attempt);
		each(arg, &attempt);
	}
	return rc;
}

int
outbox_audit_operations(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_operation *operation), void *arg, struct err *e)
{
	struct db_rows rows = stmt_audit_operations(&a->db, event_id, e);
	struct stmt_audit_operations_row row;
	int rc;

	while ((rc = stmt_audit_operations_next(&rows, &row, e)) == 1) {
		const struct audit_operation operation = {
			.operation_id = row.operation_id,
			.at = row.at,
			.actor = row.actor,
			.verb = row.verb,
			.note = row.note,
			.status = row.status,
			.reason = row.reason,
		};

		each(arg, &operation);
	}
	return rc;
}
