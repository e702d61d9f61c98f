/*
 * Each search is a walk (outbox/filter/walk.h) from the newest event down. Its first portion is
 * small, because a page of the newest events needs no more. Fails on errors of the database.
 */
#include "outbox/read/audit_search.h"

#include "outbox/read/audit_private.h"

#define FIRST_PORTION 256

/* ---- the budget ------------------------------------------------------------------------------ */

static bool
is_used_up(const struct audit_budget *b)
{
	return b->steps <= 0 || (b->is_over != NULL && b->is_over(b->arg));
}

/* Like filter_walk_next, after the previous portion was paid for. */
static int
next_portion(struct filter_walk *w, struct audit_budget *b, struct err *e)
{
	int64_t next = w->range.scan_max * 2;

	if (w->rows.failed)
		return -1;
	if (w->is_bound) {
		b->steps -= db_rows_steps(&w->rows);
		w->range.scan_max = next < AUDIT_PORTION ? next : AUDIT_PORTION;
	}
	return is_used_up(b) ? 0 : filter_walk_next(w, e);
}

/* Whether a walk whose last portion was read has come to its end. */
static bool
has_ended(const struct filter_walk *w)
{
	return !w->has_stage && w->range.low > w->range.high;
}

/* The ids that events have, below `before`. */
static int
find_range(struct outbox_audit *a, int64_t before, struct filter_range *ret, struct err *e)
{
	struct stmt_audit_ids_row row;

	if (stmt_audit_ids(&a->db, &row, e) != 1)
		return -1;
	*ret = (struct filter_range){
		.low = row.first,
		.high = before != 0 && before <= row.last ? before - 1 : row.last,
		.newest = true,
		.scan_max = FIRST_PORTION,
	};
	return 0;
}

/* ---- a page ---------------------------------------------------------------------------------- */

/* Reads one event more than a page has, to know whether there is an older one. */
static int
read_page(struct filter_walk *walk, struct audit_search *search, struct audit_budget *budget,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	struct stmt_audit_events_row row;
	struct audit_event event;
	size_t n = 0;
	int64_t last = 0;
	int rc = 0;

	while (n <= search->rows && (rc = next_portion(walk, budget, e)) == 1) {
		db_bind_int_as(&walk->rows, ":rows", (int64_t)(search->rows + 1 - n), e);
		while ((rc = stmt_audit_events_next(&walk->rows, &row, e)) == 1) {
			if (n++ == search->rows)
				continue;
			audit_read_event(&row, &event);
			each(arg, &event);
			last = event.event_id;
		}
	}
	if (rc < 0)
		return -1;
	search->stopped = n < search->rows && !has_ended(walk);
	search->next = 0;
	if (n > search->rows)
		search->next = last;
	else if (!has_ended(walk))
		search->next = walk->range.high + 1;
	search->rows = n < search->rows ? n : search->rows;
	return 0;
}

int
outbox_audit_search(struct outbox_audit *a, const struct outbox_filter *f,
    struct audit_search *search, struct audit_budget *budget,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e)
{
	struct filter_range range;
	struct filter_walk walk;
	struct buf sql;
	int rc;

	if (search->rows > AUDIT_PAGE_MAX)
		search->rows = AUDIT_PAGE_MAX;
	if (find_range(a, search->before, &range, e) != 0)
		return -1;
	rc = audit_walk_begin(a, f, &range, &walk, e);
	if (rc == 0) {
		buf_init(&sql, FILTER_SQL_MAX);
		filter_walk_sql(&walk, &sql);
		buf_append_literal(&sql, " ORDER BY d.event_id DESC LIMIT :rows");
		walk.rows = stmt_audit_events(&a->db, &sql, e);
		rc = read_page(&walk, search, budget, each, arg, e);
	}
	return audit_walk_end(a, &walk, rc);
}

/* ---- a number -------------------------------------------------------------------------------- */

static int
count(struct filter_walk *walk, int64_t max, struct audit_budget *budget,
    struct audit_number *ret_number, struct err *e)
{
	int64_t event_id, n = 0;
	int rc = 0;

	while (n <= max && (rc = next_portion(walk, budget, e)) == 1)
		while (n <= max && (rc = stmt_audit_match_next(&walk->rows, &event_id, e)) == 1)
			n++;
	if (rc < 0)
		return -1;
	ret_number->more = n > max || !has_ended(walk);
	ret_number->events = n > max ? max : n;
	return 0;
}

int
outbox_audit_number(struct outbox_audit *a, const struct outbox_filter *f, int64_t max,
    struct audit_budget *budget, struct audit_number *ret_number, struct err *e)
{
	struct filter_range range;
	struct filter_walk walk;
	struct buf sql;
	int rc;

	if (find_range(a, 0, &range, e) != 0)
		return -1;
	rc = audit_walk_begin(a, f, &range, &walk, e);
	if (rc == 0) {
		buf_init(&sql, FILTER_SQL_MAX);
		filter_walk_sql(&walk, &sql);
		walk.rows = stmt_audit_match(&a->db, &sql, e);
		rc = count(&walk, max, budget, ret_number, e);
	}
	return audit_walk_end(a, &walk, rc);
}

/* ---- failures -------------------------------------------------------------------------------- */

static int
walk_failures(struct outbox_audit *a, const struct outbox_filter *f, struct audit_budget *budget,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, bool *complete,
    struct err *e)
{
	struct filter_range range;
	struct filter_walk walk;
	int rc;

	if (find_range(a, 0, &range, e) != 0)
		return -1;
	rc = audit_walk_begin(a, f, &range, &walk, e);
	if (rc == 0) {
		audit_select_failures(a, f, &walk, e);
		while ((rc = next_portion(&walk, budget, e)) == 1)
			audit_each_failure(&walk.rows, each, arg, e);
		*complete &= has_ended(&walk);
	}
	return audit_walk_end(a, &walk, rc);
}

int
outbox_audit_recent_failures(struct outbox_audit *a, const struct outbox_filter *f,
    struct audit_budget *budget, void (*each)(void *arg, const struct audit_failure *failure),
    void *arg, bool *ret_complete, struct err *e)
{
	struct outbox_filter parts[AUDIT_FAILURE_PARTS]; /* borrow the texts of f */
	size_t n = audit_failure_parts(f, parts);

	*ret_complete = true;
	for (size_t i = 0; i < n; i++)
		if (walk_failures(a, &parts[i], budget, each, arg, ret_complete, e) != 0)
			return -1;
	return 0;
}
