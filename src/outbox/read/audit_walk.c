/*
 * Walks over many events for forecasts and for failures grouped by error. Each walk is one pass
 * over narrow rows; the callbacks only count.
 */
#include "outbox/read/audit_walk.h"

#include "outbox/read/audit_private.h"

/* Runs and finalizes the statement; each() reads a row. */
static int
walk(struct outbox_audit *a, sqlite3_stmt *stmt, void (*each)(sqlite3_stmt *stmt, void *arg),
    void *arg, struct err *e)
{
	int rc;

	if (stmt == NULL)
		return -1;
	while ((rc = db_step(&a->db, stmt, e)) == 1)
		each(stmt, arg);
	sqlite3_finalize(stmt);
	return rc;
}

/* ---- what arrived --------------------------------------------------------------------------- */

struct arrivals {
	void (*each)(void *arg, const struct audit_arrival *arrival);
	void *arg;
};

static void
read_arrival(sqlite3_stmt *stmt, void *arg)
{
	const struct arrivals *to = arg;
	struct audit_arrival arrival = {
		.name = db_text(stmt, 0),
		.kind = db_text(stmt, 1),
		.received_at = db_int(stmt, 2),
	};

	to->each(to->arg, &arrival);
}

int
outbox_audit_arrivals(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_arrival *arrival), void *arg, struct err *e)
{
	struct arrivals to = { each, arg };
	struct buf sql;

	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql, "SELECT e.name, e.kind, e.received_at");
	filter_sql(f, FILTER_WANT_EVENT | FILTER_ANY_ORDER, &sql);
	return walk(a, audit_prepare(a, f, &sql, 0, e), read_arrival, &to, e);
}

/* ---- what went wrong ------------------------------------------------------------------------ */

struct failures {
	void (*each)(void *arg, const struct audit_failure *failure);
	void *arg;
};

static void
read_failure(sqlite3_stmt *stmt, void *arg)
{
	const struct failures *to = arg;
	struct audit_failure failure = {
		.event_id = db_int(stmt, 0),
		.at = db_int(stmt, 1),
		.site = db_text(stmt, 2),
		.status = db_text(stmt, 3),
		.reason = db_text(stmt, 4),
		.error = db_text(stmt, 5),
		.http_status = (int)db_int(stmt, 6),
	};

	to->each(to->arg, &failure);
}

static int
walk_failures(
    struct outbox_audit *a, const struct outbox_filter *f, struct failures *to, struct err *e)
{
	struct buf sql;

	buf_init(&sql, AUDIT_SQL_MAX);
	buf_append_literal(&sql,
	    "SELECT d.event_id, coalesce(a.finished_at, d.settled_at, 0), s.name, d.status,"
	    " d.reason, coalesce(a.error, d.detail), a.http_status");
	filter_sql(f, FILTER_WANT_SITE | FILTER_WANT_ATTEMPT | FILTER_ANY_ORDER, &sql);
	if (f->statuses == 1u << STATUS_PENDING)
		buf_append_literal(&sql, " AND a.outcome <> 'delivered'");
	return walk(a, audit_prepare(a, f, &sql, 0, e), read_failure, to, e);
}

/* One walk for each status, because each has a small index of its own. */
int
outbox_audit_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	struct failures to = { each, arg };
	struct outbox_filter one = *f;
	unsigned statuses = f->statuses;
	int rc = 0;

	if (statuses == 0)
		statuses = (1u << STATUS_FAILED) | (1u << STATUS_INVALID) | (1u << STATUS_PENDING);
	for (int i = 0; i < STATUS_COUNT && rc == 0; i++) {
		one.statuses = 1u << i;
		if ((statuses & one.statuses) != 0 && i != STATUS_DELIVERED)
			rc = walk_failures(a, &one, &to, e);
	}
	return rc;
}
