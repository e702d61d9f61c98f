/* Reads single events for the audit: pages of a list, counts, and everything about one event. Fails
 * on errors of the database. */

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

static struct filter_range
range_of(const struct audit_page *page)
{
	struct filter_range range = { .high = INT64_MAX, .newest = page->newest };

	if (!page->newest)
		range.low = page->from + 1;
	else if (page->from != 0)
		range.high = page->from - 1;
	return range;
}

static void
select_page(
    struct outbox_audit *a, struct filter_walk *walk, const struct audit_page *page, struct err *e)
{
	struct buf sql;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_walk_sql(walk, &sql);
	if (page->newest)
		buf_append_literal(&sql, " ORDER BY d.event_id DESC LIMIT :rows");
	else
		buf_append_literal(&sql, " ORDER BY d.event_id LIMIT :rows");
	walk->rows = stmt_audit_events(&a->db, &sql, e);
}

/* Reads at most page->rows events. */
static int
read_page(struct filter_walk *walk, struct audit_page *page,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	struct stmt_audit_events_row row;
	struct audit_event event;
	size_t n = 0;
	int rc = 0;

	while (n < page->rows && (rc = filter_walk_next(walk, e)) == 1) {
		db_bind_int_as(&walk->rows, ":rows", (int64_t)(page->rows - n), e);
		while ((rc = stmt_audit_events_next(&walk->rows, &row, e)) == 1) {
			audit_read_event(&row, &event);
			each(arg, &event);
			page->from = event.event_id;
			n++;
		}
	}
	page->rows = n;
	return rc;
}

int
outbox_audit_list(struct outbox_audit *a, const struct outbox_filter *filter,
    struct audit_page *page, void (*each)(void *arg, const struct audit_event *event), void *arg,
    struct err *e)
{
	const struct filter_range range = range_of(page);
	struct filter_walk walk;
	int rc = audit_walk_begin(a, filter, &range, &walk, e);

	if (page->rows > AUDIT_PAGE_MAX)
		page->rows = AUDIT_PAGE_MAX;
	if (rc == 0) {
		select_page(a, &walk, page, e);
		rc = read_page(&walk, page, each, arg, e);
	}
	return audit_walk_end(a, &walk, rc);
}

int
outbox_audit_count(
    struct outbox_audit *a, const struct outbox_filter *f, int64_t *ret_count, struct err *e)
{
	int rc;

	if (db_exec(&a->db, "SAVEPOINT count", e) != 0)
		return -1;
	rc = filter_count_all(&a->db, f, ret_count, e);
	db_exec(&a->db, "RELEASE count", NULL);
	return rc;
}

int
outbox_audit_count_about(struct outbox_audit *a, const struct outbox_filter *f, int64_t max,
    struct filter_count *ret_count, struct err *e)
{
	int rc;

	if (db_exec(&a->db, "SAVEPOINT count", e) != 0)
		return -1;
	rc = filter_count_about(&a->db, f, max, ret_count, e);
	db_exec(&a->db, "RELEASE count", NULL);
	return rc;
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
		event.via = received.via;
		event.arrived_at = received.arrived_at;
		event.changed = received.changed;
		event.batch_changed = received.batch_changed;
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
