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

static int
walk_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	const struct filter_range all = { .high = INT64_MAX };
	struct stmt_audit_failures_row row;
	struct filter_walk walk;
	struct buf sql;
	int rc = audit_walk_begin(a, f, &all, &walk, e);

	if (rc != 0)
		return audit_walk_end(a, &walk, rc);
	buf_init(&sql, FILTER_SQL_MAX);
	filter_walk_sql(&walk, &sql);
	if (f->statuses == 1u << STATUS_PENDING)
		buf_append_literal(&sql, " AND d.outcome <> 'delivered'");
	walk.rows = stmt_audit_failures(&a->db, &sql, e);
	while ((rc = filter_walk_next(&walk, e)) == 1)
		while (stmt_audit_failures_next(&walk.rows, &row, e) == 1) {
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
	return audit_walk_end(a, &walk, rc);
}

/* Held events are not failures, unless they are held because the disk changed them. */
static int
walk_damaged(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e)
{
	static char damaged[] = "damaged";
	struct outbox_filter held = *f; /* borrows its texts */
	const char *reason = f->text[FILTER_REASON];

	if (reason != NULL && strcmp(reason, damaged) != 0)
		return 0;
	held.statuses = 1u << STATUS_HELD;
	held.text[FILTER_REASON] = damaged;
	return walk_failures(a, &held, each, arg, e);
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
	return f->statuses == 0 && rc == 0 ? walk_damaged(a, f, each, arg, e) : rc;
}
