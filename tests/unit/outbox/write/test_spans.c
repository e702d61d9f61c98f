/* spans: which events an attempt takes, and how events leave the normal way. rig_check follows. */
#include "lib/unit.h"

#include <stdio.h>

#include "outbox/file/db.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/write/spans.h"
#include "unit/outbox/outbox_rig.h"

static int serial;

static void
put_many(int64_t site_id, size_t n)
{
	int64_t main_site = rig_site;
	char id[32];

	rig_site = site_id;
	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "m-%d", serial++);
		rig_put_one(id);
	}
	rig_site = main_site;
}

static void
change(const char *sql)
{
	struct db db;
	struct err e;

	rig_close();
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	if (db_exec(&db, sql, &e) != 0)
		fail_msg("%s", e.text);
	db_close(&db, NULL);
	rig_open();
}

/* "FIRST-LAST:ATTEMPT ..." of a site as a number: 1-2:1 3-3:0 is 121330. */
static int64_t
spans_of(int64_t site_id)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT group_concat(first_event_id || last_event_id || coalesce(attempt_id, 0), '')"
	    " FROM (SELECT * FROM span WHERE site_id = %lld ORDER BY first_event_id)",
	    (long long)site_id);
	return rig_number(sql);
}

static void
deliver(int64_t attempt_id, const int64_t *ids, size_t n)
{
	struct outbox_attempt_end end = rig_end_of(attempt_id, ids, n);

	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
}

static void
what_is_left_out_stays_due(void **state)
{
	const int64_t some[] = { 2, 4, 5 }, rest[] = { 1, 3, 6 };
	int64_t a, b;

	(void)state;
	put_many(rig_site, 6);
	assert_int_equal(spans_of(rig_site), 160);
	a = rig_begin(some, 3);
	assert_int_equal(spans_of(rig_site), 110221330451660);
	b = rig_begin(rest, 3);
	assert_int_equal(spans_of(rig_site), 112221332451662);
	deliver(a, some, 3);
	assert_int_equal(
	    rig_number("SELECT group_concat(event_id, '') FROM outbox WHERE status = 'delivered'"),
	    245);
	deliver(b, rest, 3);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered' "
				    "AND attempts = 1 AND settled_ms = 4000"),
	    6);
	assert_int_equal(rig_number("SELECT count(*) FROM delivery"), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE outcome = 'delivered'"), 6);
}

static void
an_event_is_in_one_attempt_at_a_time(void **state)
{
	const int64_t ids[] = { 1, 2, 3 };
	struct outbox_attempt_begin again = {
		.site_id = rig_site, .mapping = SLICE("{}"), .event_ids = ids + 1, .n_events = 2
	};
	int64_t a;

	(void)state;
	put_many(rig_site, 3);
	a = rig_begin(ids, 2);
	assert_int_equal(rig_send(&again.msg, OUTBOX_ATTEMPT_BEGIN), -1);
	assert_int_equal(again.msg.err.code, ERR_STATE);
	assert_int_equal(rig_number("SELECT count(*) FROM attempt"), 1);
	deliver(a, ids, 2);
	assert_int_equal(rig_send(&again.msg, OUTBOX_ATTEMPT_BEGIN), -1);
	assert_int_equal(again.msg.err.code, ERR_STATE);
	assert_int_equal(spans_of(rig_site), 121330);
}

static void
an_attempt_that_fails_gives_its_events_rows(void **state)
{
	const int64_t ids[] = { 1, 2 };
	struct outbox_attempt_end end;

	(void)state;
	put_many(rig_site, 3);
	end = rig_end_of(rig_begin(ids, 2), ids, 2);
	end.outcome = OUTCOME_RETRY;
	end.status = STATUS_PENDING;
	end.maybe_sent = true;
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(spans_of(rig_site), 330);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE status = 'pending' AND maybe_sent = 1"),
	    2);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE outcome = 'retry'"), 2);
	/* The next one takes events with rows and without. */
	deliver(rig_begin((const int64_t[]){ 1, 2, 3 }, 3), (const int64_t[]){ 1, 2, 3 }, 3);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 3);
	assert_int_equal(rig_number("SELECT count(*) FROM delivery"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM history"), 5);
}

static void
a_crash_leaves_rows_that_say_so(void **state)
{
	const int64_t ids[] = { 1, 3 };

	(void)state;
	put_many(rig_site, 3);
	rig_begin(ids, 2);
	rig_close();
	assert_int_equal(rig_open(), 1);
	assert_int_equal(rig_number("SELECT group_concat(event_id, '') FROM outbox "
				    "WHERE status = 'pending' AND maybe_sent = 1"),
	    13);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE outcome = 'unknown'"), 2);
	assert_int_equal(spans_of(rig_site), 220);
}

/* A span runs over the ids of others, but not over more than SPAN_GAP. */
static void
spans_run_over_other_sites(void **state)
{
	int64_t other;

	(void)state;
	change("INSERT INTO site (name) VALUES ('other')");
	other = rig_number("SELECT site_id FROM site WHERE name = 'other'");
	for (int i = 0; i < 3; i++) {
		put_many(rig_site, 1);
		put_many(other, 1);
	}
	assert_int_equal(spans_of(rig_site), 150);
	assert_int_equal(spans_of(other), 260);
	rig_begin((const int64_t[]){ 1, 5 }, 2);
	assert_int_equal(spans_of(rig_site), 111240551);
	assert_int_equal(spans_of(other), 260);
}

static void
a_wide_gap_begins_a_span(void **state)
{
	int64_t other;

	(void)state;
	change("INSERT INTO site (name) VALUES ('other')");
	other = rig_number("SELECT site_id FROM site WHERE name = 'other'");
	put_many(rig_site, 1);
	put_many(other, SPAN_GAP - 1);
	put_many(rig_site, 1);
	assert_int_equal(spans_of(rig_site), 10 * (SPAN_GAP + 1) + 1000);
	put_many(other, SPAN_GAP);
	put_many(rig_site, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM span WHERE site_id = 1"), 2);
}

static void
operate(enum operate_verb verb, int64_t id)
{
	struct outbox_operation op = { .verb = verb, .actor = "ann" };
	struct outbox_filter f;

	outbox_filter_init(&f);
	assert_int_equal(outbox_filter_add_id(&f, id, NULL), 0);
	op.filter = &f;
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
	outbox_filter_free(&f);
}

/* The span gets shorter from its front, and goes with its last event. */
static void
what_an_operator_changes_leaves_its_span(void **state)
{
	(void)state;
	put_many(rig_site, 3);
	operate(OPERATE_HOLD, 2);
	assert_int_equal(spans_of(rig_site), 130);
	operate(OPERATE_HOLD, 1);
	assert_int_equal(spans_of(rig_site), 230);
	operate(OPERATE_DISCARD, 3);
	assert_int_equal(rig_number("SELECT count(*) FROM span"), 0);
	operate(OPERATE_RELEASE, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'pending'"), 1);
}

static void
a_delivered_event_is_sent_again_with_its_history(void **state)
{
	const int64_t ids[] = { 1, 2 };

	(void)state;
	put_many(rig_site, 2);
	deliver(rig_begin(ids, 2), ids, 2);
	operate(OPERATE_REQUEUE, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'pending'"), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE event_id = 1"), 1);
	deliver(rig_begin(ids, 1), ids, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE event_id = 1"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 2);
}

static void
retention_takes_spans_and_attempts_along(void **state)
{
	const int64_t ids[] = { 1, 2, 3 };
	struct purge_limits limits;
	struct outbox_purge purge = { .limits = &limits, .actor = "retention" };

	(void)state;
	put_many(rig_site, 5);
	deliver(rig_begin(ids, 2), ids, 2);
	deliver(rig_begin(ids + 2, 1), ids + 2, 1);
	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = PURGE_NEVER;
	limits.payload_before[STATUS_DELIVERED] = 4001;
	do
		assert_int_equal(rig_send(&purge.msg, OUTBOX_PURGE), 0);
	while (purge.more);
	assert_int_equal(rig_number("SELECT count(body) FROM outbox"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 3);
	limits.rows_before[STATUS_DELIVERED] = 4001;
	purge = (struct outbox_purge){ .limits = &limits, .actor = "retention" };
	do
		assert_int_equal(rig_send(&purge.msg, OUTBOX_PURGE), 0);
	while (purge.more);
	assert_int_equal(purge.n_rows, 3);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM attempt"), 0);
	assert_int_equal(spans_of(rig_site), 450);
}

static void
an_erased_event_is_not_sent(void **state)
{
	struct outbox_erase erase = { .email = "ann@example.com", .actor = "ann" };

	(void)state;
	put_many(rig_site, 2);
	do
		assert_int_equal(rig_send(&erase.msg, OUTBOX_ERASE), 0);
	while (erase.more);
	assert_int_equal(erase.n_discarded, 2);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'discarded' "
				    "AND reason = 'erased' AND email IS NULL"),
	    2);
	assert_int_equal(rig_number("SELECT count(*) FROM span"), 0);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_left_out_stays_due),
		TEST(an_event_is_in_one_attempt_at_a_time),
		TEST(an_attempt_that_fails_gives_its_events_rows),
		TEST(a_crash_leaves_rows_that_say_so),
		TEST(spans_run_over_other_sites),
		TEST(a_wide_gap_begins_a_span),
		TEST(what_an_operator_changes_leaves_its_span),
		TEST(a_delivered_event_is_sent_again_with_its_history),
		TEST(retention_takes_spans_and_attempts_along),
		TEST(an_erased_event_is_not_sent),
	};

	return cmocka_run_group_tests_name("spans", tests, NULL, NULL);
}
