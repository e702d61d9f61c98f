/*
 * Walks over matching events: whatever the filter, they find what a query over every event finds,
 * in both directions and in portions of any size; and the portions leave out what cannot match.
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/filter/walk.h"
#include "outbox/read/audit_private.h"
#include "unit/outbox/filter/blocks_fixture.h"

/* ---- the model ------------------------------------------------------------------------------ */

struct ids {
	int64_t id[EVENTS + 1];
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* One query over every event. */
static void
find_all(const struct outbox_filter *f, struct ids *ret)
{
	struct db_rows rows;
	struct buf text;
	struct err e;
	int rc;

	buf_init(&text, FILTER_SQL_MAX);
	filter_sql(f, &text);
	rows = stmt_audit_match(&db, &text, &e);
	filter_bind(f, &rows, 0, &e);
	ret->n = 0;
	while ((rc = stmt_audit_match_next(&rows, &ret->id[ret->n], &e)) == 1)
		ret->n++;
	assert_int_equal(rc, 0);
	qsort(ret->id, ret->n, sizeof(ret->id[0]), compare);
}

static void
add_listed(void *arg, const struct audit_event *event)
{
	struct ids *ids = arg;

	assert_true(ids->n < EVENTS);
	ids->id[ids->n++] = event->event_id;
}

static void
list(const struct outbox_filter *f, bool newest, struct ids *ret)
{
	struct audit_page page = { .newest = newest };
	struct err e;

	ret->n = 0;
	do {
		page.rows = 1 + any(AUDIT_PAGE_MAX);
		if (outbox_audit_list(audit, f, &page, add_listed, ret, &e) != 0)
			fail_msg("%s", e.text);
	} while (page.rows > 0);
}

/* In small portions, as an operation takes them. */
static void
walk_in_steps(const struct outbox_filter *f, struct ids *ret)
{
	const struct filter_range range = { .high = EVENTS, .scan_max = 1 + (int64_t)any(3000) };
	struct filter_walk walk;
	struct buf text;
	struct err e;
	int64_t id;
	int rc;

	assert_int_equal(filter_walk_begin(&walk, &db, f, &range, &e), 0);
	buf_init(&text, FILTER_SQL_MAX);
	filter_walk_sql(&walk, &text);
	buf_append_literal(&text, " ORDER BY d.event_id");
	walk.rows = stmt_audit_match(&db, &text, &e);
	ret->n = 0;
	while ((rc = filter_walk_next(&walk, &e)) == 1) {
		assert_true(walk.by_ids || f->n_ids > 0 || walk.high - walk.low < range.scan_max);
		while ((rc = stmt_audit_match_next(&walk.rows, &id, &e)) == 1)
			ret->id[ret->n++] = id;
	}
	assert_int_equal(rc, 0);
	filter_walk_end(&walk);
}

static void
assert_same(
    const struct ids *want, const struct ids *got, bool newest, const struct outbox_filter *f)
{
	struct buf json;

	buf_init(&json, FILTER_MAX_JSON);
	outbox_filter_to_json(f, &json);
	buf_append_byte(&json, '\0');
	if (want->n != got->n)
		fail_msg("%s: %zu events, not %zu", json.p, got->n, want->n);
	for (size_t i = 0; i < want->n; i++)
		if (want->id[newest ? want->n - 1 - i : i] != got->id[i])
			fail_msg("%s: event %lld", json.p, (long long)got->id[i]);
	buf_free(&json);
}

static void
check(const struct outbox_filter *f)
{
	static struct ids want, got;
	struct err e;
	int64_t n;

	find_all(f, &want);
	list(f, false, &got);
	assert_same(&want, &got, false, f);
	list(f, true, &got);
	assert_same(&want, &got, true, f);
	walk_in_steps(f, &got);
	assert_same(&want, &got, false, f);
	assert_int_equal(outbox_audit_count(audit, f, &n, &e), 0);
	assert_int_equal(n, want.n);
}

static void
set_text(struct outbox_filter *f, enum filter_text which, const char *text)
{
	assert_int_equal(outbox_filter_set_text(f, which, text, NULL), 0);
}

static void
make_filter(struct outbox_filter *f)
{
	static const char *const name[] = { "A", "Rare", "R*", "none", "a*", "*" };
	static const char *const email[] = { "a@B.cc", "late@b.cc", "c@b.cc", "none@b.cc", "?@b.cc",
		"*late*" };
	static const char *const via[] = { "shop", "van", "idle", "Shop" };
	static const unsigned statuses[] = { 1u << STATUS_PENDING, 1u << STATUS_DELIVERED,
		1u << STATUS_HELD, 1u << STATUS_PENDING | 1u << STATUS_HELD,
		1u << STATUS_PENDING | 1u << STATUS_DELIVERED };

	outbox_filter_init(f);
	if (any(3) == 0)
		set_text(f, FILTER_NAME, name[any(6)]);
	if (any(3) == 0)
		set_text(f, FILTER_EMAIL, email[any(6)]);
	if (any(4) == 0)
		set_text(f, FILTER_SITE, any(3) ? "two" : "none");
	if (any(3) == 0)
		set_text(f, FILTER_VIA, via[any(4)]);
	if (any(4) == 0)
		f->kinds = 1 + (unsigned)any((1u << KIND_UNKNOWN) - 1);
	if (any(2) == 0)
		f->statuses = statuses[any(5)];
	if (any(3) == 0)
		f->since = 1 + (int64_t)any(11 * TICK * EVENTS / 10);
	if (any(3) == 0)
		f->until = 1 + (int64_t)any(11 * TICK * EVENTS / 10);
	for (int i = 0; any(2) == 0 && i < 30; i++)
		outbox_filter_add_id(f, 1 + (int64_t)any(EVENTS), NULL);
}

static void
walks_find_what_a_whole_query_finds(void **state)
{
	struct outbox_filter f;

	(void)state;
	for (int i = 0; i < 150; i++) {
		make_filter(&f);
		check(&f);
		outbox_filter_free(&f);
	}
}

/* ---- what they leave out --------------------------------------------------------------------- */

/* Writes the portions as text: "low-high", in brackets with a list of ids, "d" without spans. */
static void
assert_portions(const struct outbox_filter *f, bool newest, const char *want)
{
	const struct filter_range range = { .low = 1, .high = EVENTS, .newest = newest };
	struct filter_walk walk;
	struct buf text, got;
	struct err e;

	assert_int_equal(filter_walk_begin(&walk, &db, f, &range, &e), 0);
	buf_init(&text, FILTER_SQL_MAX);
	filter_walk_sql(&walk, &text);
	walk.rows = stmt_audit_match(&db, &text, &e);
	buf_init(&got, 4096);
	while (filter_walk_next(&walk, &e) == 1)
		if (walk.by_ids)
			buf_printf(&got, "[%zu]", walk.search->n);
		else
			buf_printf(&got, " %lld-%lld%s", (long long)walk.low, (long long)walk.high,
			    walk.parts == WALK_ROWS ? "d" : "");
	buf_append_byte(&got, '\0');
	assert_string_equal(got.p, want);
	buf_free(&got);
	filter_walk_end(&walk);
}

static void
portions_leave_out_what_cannot_match(void **state)
{
	struct outbox_filter f;

	(void)state;
	outbox_filter_init(&f);
	/* No event is pending below 4001, and none is sent above 9200. */
	assert_portions(&f, false, " 1-4000 4001-9200 9201-10940");
	assert_portions(&f, true, " 9201-10940 4001-9200 1-4000");
	/* The newest block is not complete, so it has to be read. */
	f.since = TICK * EVENTS;
	assert_portions(&f, false, " 6144-8191 10240-10940");
	assert_portions(&f, true, " 10240-10940 6144-8191");
	f.until = 10;
	f.since = 0;
	assert_portions(&f, false, " 2048-4000 4001-4095 10240-10940");
	f.until = 0;
	set_text(&f, FILTER_NAME, "Rare");
	assert_portions(&f, false, " 4096-6143 10240-10940");
	assert_portions(&f, true, " 10240-10940 4096-6143");
	f.kinds = 1u << KIND_GROUP;
	assert_portions(&f, false, " 10240-10940");
	outbox_filter_free(&f);
	/* Ever longer runs. */
	set_text(&f, FILTER_NAME, "A");
	assert_portions(&f, false, " 1-2047 2048-4000 4001-9200 9201-10239 10240-10940");
	assert_portions(&f, true, " 10240-10940 9201-10239 6144-9200 4001-6143 1-4000");
	outbox_filter_free(&f);
	/* Between the windows of pending spans, 5 blocks apart, only rows of delivery are read. */
	f.statuses = 1u << STATUS_PENDING;
	assert_portions(&f, false, " 1-4000d 4001-4100 4101-9000d 9001-10940");
	assert_portions(&f, true, " 9001-10940 4101-9000d 4001-4100 1-4000d");
	f.statuses |= 1u << STATUS_HELD;
	assert_portions(&f, false, " 1-4000d 4001-4100 4101-9000d 9001-10940");
	f.statuses = 1u << STATUS_FAILED;
	assert_portions(&f, false, " 1-10940d");
	f.statuses |= 1u << STATUS_DELIVERED;
	assert_portions(&f, false, " 1-4000 4001-9200 9201-10940");
	f.statuses = 0;
	set_text(&f, FILTER_EMAIL, "None@b.cc");
	assert_portions(&f, false, "[0]");
	outbox_filter_free(&f);
}

static int
count_steps(void *arg)
{
	++*(int *)arg;
	return 0;
}

static void
assert_page_is_quick(unsigned statuses, bool newest, int64_t from, size_t rows)
{
	static struct ids got;
	struct audit_page page = { .from = from, .rows = 1, .newest = newest };
	struct outbox_filter f;
	int steps = 0;
	struct err e;

	outbox_filter_init(&f);
	f.statuses = statuses;
	got.n = 0;
	sqlite3_progress_handler(audit->db.handle, 100, count_steps, &steps);
	assert_int_equal(outbox_audit_list(audit, &f, &page, add_listed, &got, &e), 0);
	sqlite3_progress_handler(audit->db.handle, 0, NULL, NULL);
	assert_int_equal(got.n, rows);
	/* 200 events in flight are read; all that lie beyond would take 700 or more. */
	if (steps > 100)
		fail_msg("status %x, newest %d: %d00 steps", statuses, newest, steps);
}

/* The newest sent event bounds the part of the view with sent events, and the oldest due one the
 * part with due events, whatever the bounds of the list. */
static void
a_page_reads_little(void **state)
{
	(void)state;
	for (int newest = 0; newest < 2; newest++) {
		assert_page_is_quick(0, newest, 0, 1);
		assert_page_is_quick(1u << STATUS_PENDING, newest, 0, 1);
		assert_page_is_quick(1u << STATUS_DELIVERED, newest, 0, 1);
	}
	/* A page far behind the first event that was sent last. */
	sql("DELETE FROM attempt WHERE outcome IS NULL; UPDATE span SET attempt_id = 1");
	assert_page_is_quick(0, true, 500, 1);
	assert_page_is_quick(1u << STATUS_DELIVERED, true, 500, 1);
	/* When nothing was sent, no event is read for the part with sent events. */
	sql("UPDATE span SET attempt_id = NULL; DELETE FROM delivery");
	for (int newest = 0; newest < 2; newest++) {
		assert_page_is_quick(0, newest, 0, 1);
		assert_page_is_quick(1u << STATUS_DELIVERED, newest, 0, 0);
	}
	/* A page far behind the first pending event. */
	assert_page_is_quick(0, false, EVENTS - 500, 1);
	assert_page_is_quick(1u << STATUS_PENDING, false, EVENTS - 500, 1);
}

static void
a_portion_reads_only_itself(void **state)
{
	int64_t n;
	struct outbox_filter f;
	int steps = 0;
	struct err e;

	(void)state;
	sql("DELETE FROM via; WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 100 FROM n"
	    " WHERE i < 10900) INSERT INTO via (first_event_id, last_event_id, box_id, arrived_at) "
	    "SELECT i, i + 1, 1, 1 FROM n");
	outbox_filter_init(&f);
	f.statuses = 1u << STATUS_PENDING;
	set_text(&f, FILTER_VIA, "shop");
	sqlite3_progress_handler(audit->db.handle, 100, count_steps, &steps);
	assert_int_equal(outbox_audit_count(audit, &f, &n, &e), 0);
	sqlite3_progress_handler(audit->db.handle, 0, NULL, NULL);
	assert_int_equal(n, 218);
	/* 109 portions of two events; each from the first event on would take 30,000 or more. */
	if (steps > 2000)
		fail_msg("%d00 steps", steps);
	outbox_filter_free(&f);
}

/* Requests at most VIA_GAP ids apart are one portion, until it is long. */
static void
portions_follow_the_requests_of_a_box(void **state)
{
	struct outbox_filter f;

	(void)state;
	sql("DELETE FROM via; INSERT INTO via (first_event_id, last_event_id, box_id, arrived_at) "
	    "VALUES (100, 199, 1, 1), (215, 219, 3, 1),"
	    " (236, 236, 1, 1), (237, 400, 2, 1), (4000, 4050, 1, 1), (5000, 10900, 1, 1),"
	    " (10917, 10930, 1, 1)");
	outbox_filter_init(&f);
	set_text(&f, FILTER_VIA, "shop");
	assert_portions(
	    &f, false, " 100-219 236-236 4000-4000 4001-4050 5000-9200 9201-10900 10917-10930");
	assert_portions(
	    &f, true, " 10917-10930 9201-10900 5000-9200 4001-4050 4000-4000 236-236 100-219");
	sql("UPDATE via SET last_event_id = 10901 WHERE first_event_id = 5000");
	assert_portions(&f, false, " 100-219 236-236 4000-4000 4001-4050 5000-9200 9201-10930");
	/* Within the blocks that have such events. */
	f.since = TICK * EVENTS;
	assert_portions(&f, false, " 6144-8191 10240-10930");
	assert_portions(&f, true, " 10917-10930 10240-10901 6144-8191");
	f.since = 0;
	/* Rows of delivery are few. */
	f.statuses = 1u << STATUS_PENDING;
	assert_portions(&f, false, " 1-4000d 4001-4050 4101-9000d 9001-10930");
	f.statuses = 0;
	outbox_filter_free(&f);
	set_text(&f, FILTER_VIA, "idle");
	assert_portions(&f, false, "");
	assert_portions(&f, true, "");
	outbox_filter_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_find_what_a_whole_query_finds),
		cmocka_unit_test(portions_leave_out_what_cannot_match),
		cmocka_unit_test(portions_follow_the_requests_of_a_box),
		cmocka_unit_test(a_page_reads_little),
		cmocka_unit_test(a_portion_reads_only_itself),
	};

	return cmocka_run_group_tests_name("walk", tests, set_up, tear_down);
}
