/* spans: which events an attempt takes, and how events leave the normal way. rig_check follows. */
#include "lib/unit.h"

#include <stdio.h>

#include "outbox/file/db.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/write/spans.h"
#include "unit/outbox/outbox_rig.h"

/*
 * "FIRST-LAST:ATTEMPT ..." of a site as a number: 1-2:1 3-3:0 is 121330. LAST is the last event,
 * because a span may end after it.
 */
static int64_t
spans_of(int64_t site_id)
{
	char sql[320];

	snprintf(sql, sizeof(sql),
	    "SELECT group_concat(first_event_id || (SELECT max(event_id) FROM event e"
	    " WHERE e.site_id = s.site_id AND e.event_id <= s.last_event_id)"
	    " || coalesce(attempt_id, 0), '')"
	    " FROM (SELECT * FROM span WHERE site_id = %lld ORDER BY first_event_id) s",
	    (long long)site_id);
	return rig_number(sql);
}

/* FIRST * 1000 + LAST of the newest span. */
static int64_t
newest_span(void)
{
	return rig_number("SELECT max(first_event_id) * 1000 + last_event_id FROM span");
}

static void
deliver(int64_t attempt_id, const int64_t *ids, size_t n)
{
	struct outbox_attempt_end end = rig_end_of(attempt_id, ids, n);

	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
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

static void
what_is_left_out_stays_due(void **state)
{
	const int64_t some[] = { 2, 4, 5 }, rest[] = { 1, 3, 6 };
	int64_t a, b;

	(void)state;
	rig_put_many(rig_site, 6);
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
	rig_put_many(rig_site, 3);
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
	rig_put_many(rig_site, 3);
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
	rig_put_many(rig_site, 3);
	rig_begin(ids, 2);
	rig_close();
	assert_int_equal(rig_open(), 1);
	assert_int_equal(rig_number("SELECT group_concat(event_id, '') FROM outbox "
				    "WHERE status = 'pending' AND maybe_sent = 1"),
	    13);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE outcome = 'unknown'"), 2);
	assert_int_equal(spans_of(rig_site), 220);
}

static int64_t
add_other_site(void)
{
	rig_change("INSERT INTO site (name) VALUES ('other')");
	return rig_number("SELECT site_id FROM site WHERE name = 'other'");
}

/* A span runs over the ids of others. */
static void
spans_run_over_other_sites(void **state)
{
	int64_t other;

	(void)state;
	other = add_other_site();
	for (int i = 0; i < 3; i++) {
		rig_put_many(rig_site, 1);
		rig_put_many(other, 1);
	}
	assert_int_equal(spans_of(rig_site), 150);
	assert_int_equal(spans_of(other), 260);
	rig_begin((const int64_t[]){ 1, 5 }, 2);
	assert_int_equal(spans_of(rig_site), 111230551);
	assert_int_equal(spans_of(other), 260);
}

static void
a_wide_gap_begins_a_span(void **state)
{
	int64_t other, bound = 1 + SPAN_GAP;

	(void)state;
	other = add_other_site();
	rig_put_many(rig_site, 1);
	rig_put_many(other, 2 * SPAN_GAP - 1);
	rig_put_many(rig_site, 1); /* SPAN_GAP after the span's end */
	bound += 2 * SPAN_GAP;
	assert_int_equal(rig_number("SELECT last_event_id FROM span WHERE site_id = 1"), bound);
	rig_put_many(other, 2 * SPAN_GAP);
	rig_put_many(rig_site, 1); /* one more */
	assert_int_equal(rig_number("SELECT count(*) FROM span WHERE site_id = 1"), 2);
	assert_int_equal(newest_span(), (bound + SPAN_GAP + 1) * 1001 + SPAN_GAP);
}

/* An event within the end of its site's span changes no span. */
static void
a_span_is_written_ahead(void **state)
{
	(void)state;
	rig_put_many(rig_site, 1);
	assert_int_equal(newest_span(), 1000 + 1 + SPAN_GAP);
	rig_put_many(rig_site, SPAN_GAP);
	assert_int_equal(newest_span(), 1000 + 1 + SPAN_GAP);
	rig_put_many(rig_site, 1);
	assert_int_equal(newest_span(), 1000 + 2 + 2 * SPAN_GAP);
	/* What an attempt takes ends with its last event, and a span without events is removed. */
	deliver(rig_begin((const int64_t[]){ 1, 2 }, 2), (const int64_t[]){ 1, 2 }, 2);
	assert_int_equal(
	    rig_number("SELECT last_event_id FROM span WHERE attempt_id IS NOT NULL"), 2);
	assert_int_equal(newest_span(), 3000 + 2 + 2 * SPAN_GAP);
	rig_close();
	rig_open();
	rig_put_many(rig_site, SPAN_GAP);
	assert_int_equal(newest_span(), 3000 + 2 + 2 * SPAN_GAP);
}

static void
a_span_goes_with_its_last_event(void **state)
{
	const int64_t ids[] = { 1, 2 };

	(void)state;
	rig_put_many(rig_site, 2);
	deliver(rig_begin(ids, 2), ids, 2);
	assert_int_equal(spans_of(rig_site), 121);
	rig_put_many(rig_site, 2);
	assert_int_equal(newest_span(), 3000 + 3 + SPAN_GAP);
}

/* The span gets shorter from its front, and goes with its last event. */
static void
what_an_operator_changes_leaves_its_span(void **state)
{
	(void)state;
	rig_put_many(rig_site, 3);
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
	rig_put_many(rig_site, 2);
	deliver(rig_begin(ids, 2), ids, 2);
	operate(OPERATE_REQUEUE, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'pending'"), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE event_id = 1"), 1);
	deliver(rig_begin(ids, 1), ids, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE event_id = 1"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 2);
}

static void
purge_delivered(struct purge_limits *limits, struct outbox_purge *purge)
{
	*purge = (struct outbox_purge){ .limits = limits, .actor = "retention" };
	do
		assert_int_equal(rig_send(&purge->msg, OUTBOX_PURGE), 0);
	while (purge->more);
}

static void
retention_takes_spans_and_attempts_along(void **state)
{
	const int64_t ids[] = { 1, 2, 3 };
	struct purge_limits limits;
	struct outbox_purge purge;

	(void)state;
	rig_put_many(rig_site, 5);
	deliver(rig_begin(ids, 2), ids, 2);
	deliver(rig_begin(ids + 2, 1), ids + 2, 1);
	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = PURGE_NEVER;
	limits.payload_before[STATUS_DELIVERED] = 4001;
	purge_delivered(&limits, &purge);
	assert_int_equal(rig_number("SELECT count(body) FROM outbox"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 3);
	limits.rows_before[STATUS_DELIVERED] = 4001;
	purge_delivered(&limits, &purge);
	assert_int_equal(purge.n_rows, 3);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 2);
	assert_int_equal(rig_number("SELECT count(*) FROM attempt"), 0);
	assert_int_equal(spans_of(rig_site), 450);
}

/* An id that came back would hide the loss of the event that had it first. */
static void
ids_do_not_come_back_after_retention(void **state)
{
	const int64_t ids[] = { 1, 2, 3 };
	struct purge_limits limits;
	struct outbox_purge purge;

	(void)state;
	rig_put_many(rig_site, 3);
	deliver(rig_begin(ids, 2), ids, 2);
	deliver(rig_begin(ids + 2, 1), ids + 2, 1);
	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = 4001;
	purge_delivered(&limits, &purge);
	assert_int_equal(
	    rig_number("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM attempt)"), 0);
	rig_close();
	rig_open();
	assert_int_equal(rig_put_one("next"), 4);
	assert_int_equal(rig_begin((const int64_t[]){ 4 }, 1), 3);
}

static void
an_erased_event_is_not_sent(void **state)
{
	struct outbox_erase erase = { .email = "ann@example.com", .actor = "ann" };

	(void)state;
	rig_put_many(rig_site, 2);
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
		TEST(a_span_is_written_ahead),
		TEST(a_span_goes_with_its_last_event),
		TEST(what_an_operator_changes_leaves_its_span),
		TEST(a_delivered_event_is_sent_again_with_its_history),
		TEST(retention_takes_spans_and_attempts_along),
		TEST(ids_do_not_come_back_after_retention),
		TEST(an_erased_event_is_not_sent),
	};

	return cmocka_run_group_tests_name("spans", tests, NULL, NULL);
}
