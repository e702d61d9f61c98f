/*
 * Walks over many events, for forecasts and for failures grouped by error. Each walk is one pass
 * over narrow rows; the callbacks only count. Fails on errors of the database.
 */
#include "outbox/read/audit_walk.h"

#include "outbox/read/audit_private.h"

/* ---- events by arrival ----------------------------------------------------------------------- */

int
outbox_audit_arrivals(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_arrival *arrival), void *arg, struct err *e)
{
	struct stmt_audit_arrivals_row row;
	struct db_rows rows;
	struct buf sql;
	int rc;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(f, &sql);
	rows = stmt_audit_arrivals(&a->db, &sql, e);
	filter_bind(f, &rows, 0, e);
	while ((rc = stmt_audit_arrivals_next(&rows, &row, e)) == 1) {
		const struct audit_arrival arrival = {
			.name = row.name,
			.kind = row.kind,
			.received_at = row.received_at,
		};

		each(arg, &arrival);
	}
	return rc;
}

/* ---- events by failure ----------------------------------------------------------------------- */

static int
walk_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	struct stmt_audit_failures_row row;
	struct db_rows rows;
	struct buf sql;
	int rc;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_sql(f, &sql);
	if (f->statuses == 1u << STATUS_PENDING)
		buf_append_literal(&sql, " AND d.outcome <> 'delivered'");
	rows = stmt_audit_failures(&a->db, &sql, e);
	filter_bind(f, &rows, 0, e);
	while ((rc = stmt_audit_failures_next(&rows, &row, e)) == 1) {
		const struct audit_failure failure = {
			.event_id = row.event_id,
			.at = row.at,
			.site = row.site,
			.status = row.status,
			.reason = row.reason,
			.error = row.error,
			.http_status = (int)row.http_status,
		};

		each(arg, &failure);
	}
	return rc;
}

/* Walks once for each status, because each has a small index of its own. */
int
outbox_audit_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	struct outbox_filter one = *f;
	unsigned statuses = f->statuses;
	int rc = 0;

	if (statuses == 0)
		statuses = (1u << STATUS_FAILED) | (1u << STATUS_INVALID) | (1u << STATUS_PENDING);
	for (int i = 0; i < STATUS_COUNT && rc == 0; i++) {
		one.statuses = 1u << i;
		if ((statuses & one.statuses) != 0 && i != STATUS_DELIVERED)
			rc = walk_failures(a, &one, each, arg, e);
	}
	return rc;
}
