/*
 * Walks over many events, for failures grouped by error. Each walk is one pass
 * over narrow rows; the callbacks only count. Fails on errors of the database.
 */
#include "outbox/read/audit_walk.h"

#include <string.h>

#include "outbox/read/audit_private.h"

/* ---- in one transaction --------------------------------------------------------------------- */

int
audit_walk_begin(struct outbox_audit *a, const struct outbox_filter *f,
    const struct filter_range *range, struct filter_walk *w, struct err *e)
{
	*w = (struct filter_walk){ .db = &a->db };
	/* A savepoint, because a transaction may be open. */
	return db_exec(&a->db, "SAVEPOINT walk", e) == 0
		       && filter_walk_begin(w, &a->db, f, range, e) == 0
		   ? 0
		   : -1;
}

int
audit_walk_end(struct outbox_audit *a, struct filter_walk *w, int rc)
{
	filter_walk_end(w);
	db_exec(&a->db, "RELEASE walk", NULL);
	return rc;
}

/* ---- events by failure ----------------------------------------------------------------------- */

size_t
audit_failure_parts(
    const struct outbox_filter *f, struct outbox_filter ret_parts[AUDIT_FAILURE_PARTS])
{
	static char damaged[] = "damaged";
	static const enum event_status order[] = { STATUS_FAILED, STATUS_INVALID, STATUS_HELD,
		STATUS_DISCARDED, STATUS_UNSUPPORTED, STATUS_PENDING };
	const unsigned usual =
	    (1u << STATUS_FAILED) | (1u << STATUS_INVALID) | (1u << STATUS_PENDING);
	unsigned statuses = f->statuses == 0 ? usual : f->statuses;
	const char *reason = f->text[FILTER_REASON];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		ret_parts[n] = *f;
		ret_parts[n].statuses = 1u << order[i];
		n += (statuses & ret_parts[n].statuses) != 0;
	}
	/* Of the held events, only those that the disk changed are failures. */
	if (f->statuses == 0 && (reason == NULL || strcmp(reason, damaged) == 0)) {
		ret_parts[n] = *f;
		ret_parts[n].statuses = 1u << STATUS_HELD;
		ret_parts[n++].text[FILTER_REASON] = damaged;
	}
	return n;
}

void
audit_select_failures(
    struct outbox_audit *a, const struct outbox_filter *f, struct filter_walk *w, struct err *e)
{
	struct buf sql;

	buf_init(&sql, FILTER_SQL_MAX);
	filter_walk_sql(w, &sql);
	if (f->statuses == 1u << STATUS_PENDING)
		buf_append_literal(&sql, " AND d.outcome <> 'delivered'");
	w->rows = stmt_audit_failures(&a->db, &sql, e);
}

void
audit_each_failure(struct db_rows *rows,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	struct stmt_audit_failures_row row;

	while (stmt_audit_failures_next(rows, &row, e) == 1) {
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
}

static int
walk_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	const struct filter_range all = { .high = INT64_MAX };
	struct filter_walk walk;
	int rc = audit_walk_begin(a, f, &all, &walk, e);

	if (rc == 0) {
		audit_select_failures(a, f, &walk, e);
		while ((rc = filter_walk_next(&walk, e)) == 1)
			audit_each_failure(&walk.rows, each, arg, e);
	}
	return audit_walk_end(a, &walk, rc);
}

int
outbox_audit_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	struct outbox_filter parts[AUDIT_FAILURE_PARTS];
	size_t n = audit_failure_parts(f, parts);

	for (size_t i = 0; i < n; i++)
		if (walk_failures(a, &parts[i], each, arg, e) != 0)
			return -1;
	return 0;
}
