/*
 * outbox/write/attempts: a row before the request, its end afterward, recovery, and the effects on
 * events.
 */
#include "lib/unit.h"

#include "outbox/read/reader.h"
#include "unit/outbox/outbox_rig.h"

static void
an_attempt_is_a_row_before_and_after(void **state)
{
	int64_t ids[] = { rig_put_one("a"), rig_put_one("b") };
	int64_t attempt = rig_begin(ids, 2);
	struct outbox_attempt_end end = rig_end_of(attempt, ids, 2);

	(void)state;
	assert_int_equal(
	    rig_number("SELECT count(*) FROM attempts WHERE outcome IS NULL AND events = 2 AND "
		       "bytes = 77"),
	    1);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE finished_at IS NULL"), 2);
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered' AND attempts = 1 "
		       "AND http_status = 200 AND settled_at = '1970-01-01T00:00:04.000Z'"),
	    2);
	assert_int_equal(rig_number("SELECT count(*) FROM history WHERE outcome = 'delivered'"), 2);
}

static void
an_attempt_says_where_it_went(void **state)
{
	int64_t id = rig_put_one("a");
	struct outbox_attempt_begin b = {
		.site_id = rig_site,
		.mapping = SLICE("{}"),
		.endpoint = BENTO_SUBSCRIBERS,
		.event_ids = &id,
		.n_events = 1,
	};

	(void)state;
	assert_int_equal(rig_send(&b.msg, OUTBOX_ATTEMPT_BEGIN), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM attempts WHERE endpoint = 'subscribers'"), 1);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM history WHERE endpoint = 'subscribers'"), 1);
	id = rig_put_one("b");
	rig_begin(&id, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM attempts WHERE endpoint = 'events'"), 1);
}

static void
a_late_answer_never_overwrites_an_end(void **state)
{
	int64_t id = rig_put_one("a");
	int64_t attempt = rig_begin(&id, 1);
	struct outbox_attempt_end first = rig_end_of(attempt, &id, 1), late = first;

	(void)state;
	assert_int_equal(rig_send(&first.msg, OUTBOX_ATTEMPT_END), 0);
	late.outcome = OUTCOME_REFUSED;
	late.status = STATUS_FAILED;
	assert_int_equal(rig_send(&late.msg, OUTBOX_ATTEMPT_END), -1);
	assert_int_equal(late.msg.err.code, ERR_STATE);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 1);
	/* The outbox still works. */
	assert_int_equal(rig_put_one("b"), 2);
}

static void
an_outage_leaves_events_untouched_but_audited(void **state)
{
	int64_t id = rig_put_one("a");
	struct outbox_attempt_end end = rig_end_of(rig_begin(&id, 1), &id, 1);

	(void)state;
	end.outcome = OUTCOME_UNKNOWN;
	end.http_status = 0;
	end.status = STATUS_PENDING;
	end.maybe_sent = true;
	end.error = SLICE("connection reset");
	end.site = (struct outbox_site_state){ .mode = OUTBOX_SITE_BACKOFF,
		.reason = "no answer",
		.next_attempt_at = 9000,
		.failures = 1 };
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE status = 'pending' AND attempts = 0 AND "
		       "maybe_sent = 1 AND error = 'connection reset' AND "
		       "next_attempt_at = '1970-01-01T00:00:09.000Z'"),
	    1);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM site WHERE mode = 'backoff' AND failures = 1"), 1);
	/* A new process sends without waiting. */
	rig_close();
	rig_open();
	assert_int_equal(rig_number("SELECT count(*) FROM site WHERE mode = 'ready'"), 1);
}

static void
delivered_is_the_truth_whatever_an_operator_did(void **state)
{
	int64_t ids[] = { rig_put_one("a"), rig_put_one("b") };
	struct outbox_attempt_end end = rig_end_of(rig_begin(ids, 2), ids, 2);
	int64_t again[] = { rig_put_one("c"), rig_put_one("d") };
	struct outbox_attempt_end refused = rig_end_of(rig_begin(again, 2), again, 2);
	struct outbox_settle hold = {
		.event_ids = ids, .n_events = 1, .status = STATUS_HELD, .reason = "operator"
	};

	(void)state;
	assert_int_equal(rig_send(&hold.msg, OUTBOX_SETTLE), 0);
	hold.event_ids = again;
	assert_int_equal(rig_send(&hold.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'held'"), 2);
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 2);
	/* Any other end of an attempt leaves an operator's change in force. */
	refused.outcome = OUTCOME_REFUSED;
	refused.status = STATUS_FAILED;
	refused.reason = "refused";
	assert_int_equal(rig_send(&refused.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'held'"), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'failed'"), 1);
}

/* Events held as maybe_delivered become failed; others keep the status they have by now. */
static void
a_doubt_is_settled_only_while_it_lasts(void **state)
{
	int64_t ids[] = { rig_put_one("a"), rig_put_one("b"), rig_put_one("c") };
	struct outbox_settle held = { .event_ids = ids,
		.n_events = 1,
		.status = STATUS_HELD,
		.reason = "maybe_delivered",
		.charge = true };
	struct outbox_settle by_operator = {
		.event_ids = &ids[1], .n_events = 1, .status = STATUS_HELD, .reason = "operator"
	};
	struct outbox_settle refused = { .event_ids = ids,
		.n_events = 3,
		.status = STATUS_FAILED,
		.reason = "refused",
		.in_doubt = true };

	(void)state;
	assert_int_equal(rig_send(&held.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_send(&by_operator.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_send(&refused.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE event_id = 1 AND status = "
				    "'failed' AND reason = 'refused' AND attempts = 1"),
	    1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE event_id = 2 AND status = "
				    "'held' AND reason = 'operator'"),
	    1);
	assert_int_equal(rig_number("SELECT event_id FROM outbox WHERE status = 'pending'"), 3);
}

/* A batch is not sent when an operator has changed one of its events since it was read. */
static void
attempt_begins_only_with_what_waits(void **state)
{
	int64_t ids[] = { rig_put_one("a"), rig_put_one("b") };
	struct outbox_settle hold = {
		.event_ids = &ids[1], .n_events = 1, .status = STATUS_HELD, .reason = "operator"
	};
	struct outbox_attempt_begin begin = {
		.site_id = rig_site,
		.mapping = SLICE("{}"),
		.event_ids = ids,
		.n_events = 2,
	};

	(void)state;
	assert_int_equal(rig_send(&hold.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_send(&begin.msg, OUTBOX_ATTEMPT_BEGIN), -1);
	assert_int_equal(begin.msg.err.code, ERR_STATE);
	assert_int_equal(rig_number("SELECT count(*) FROM attempts"), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM attempt_event"), 0);
	begin.n_events = 1;
	assert_int_equal(rig_send(&begin.msg, OUTBOX_ATTEMPT_BEGIN), 0);
}

static void
open_attempts_become_unknown_at_the_next_start(void **state)
{
	int64_t ids[] = { rig_put_one("a"), rig_put_one("b"), rig_put_one("c") };
	int64_t members[] = { ids[0], ids[2] };

	(void)state;
	rig_begin(members, 2);
	rig_close();
	assert_int_equal(rig_open(), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM attempts WHERE outcome = 'unknown' AND "
				    "finished_at IS NOT NULL AND error LIKE 'bentospool ended%'"),
	    1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'pending'"), 3);
	assert_int_equal(rig_number("SELECT sum(maybe_sent) FROM outbox"), 2);
	assert_int_equal(rig_number("SELECT maybe_sent FROM outbox WHERE event_id = 2"), 0);
	rig_close();
	assert_int_equal(rig_open(), 0);
}

static void
count_waiting(void *arg, int64_t event_id, struct slice address)
{
	int64_t *sum = arg;

	assert_true(address.n > 0);
	*sum += event_id;
}

static bool
is_due(struct outbox_reader *r, int64_t now, int64_t horizon)
{
	struct outbox_event event;
	struct err e;
	bool due;

	assert_int_equal(outbox_due_begin(r, rig_site, now, horizon, 0, 0, &e), 0);
	due = outbox_due_next(r, &event, &e) == 1;
	outbox_due_end(r);
	return due;
}

static void
a_blamed_event_waits_charged_and_set_apart(void **state)
{
	int64_t id = rig_put_one("a"), sum = 0;
	struct outbox_settle blame = { .event_ids = &id,
		.n_events = 1,
		.status = STATUS_PENDING,
		.next_attempt_at = 9000,
		.charge = true,
		.max_batch = 1 };
	struct outbox_event event;
	struct outbox_reader *r;
	struct err e;

	(void)state;
	assert_int_equal(outbox_reader_open(rig_dir.file, &r, &e), 0);
	assert_int_equal(outbox_due_delayed(r, rig_site, count_waiting, &sum, &e), 0);
	assert_int_equal(sum, 0);
	assert_int_equal(outbox_event_load(r, id, &event, &e), 1);
	assert_int_equal(event.max_batch, 0);
	outbox_event_done(r);
	assert_int_equal(rig_send(&blame.msg, OUTBOX_SETTLE), 0);
	/* The reader sees the event as it is now. */
	assert_int_equal(outbox_event_load(r, id, &event, &e), 1);
	assert_int_equal(event.max_batch, 1);
	assert_int_equal(event.attempts, 1);
	outbox_event_done(r);
	assert_int_equal(outbox_due_delayed(r, rig_site, count_waiting, &sum, &e), 0);
	assert_int_equal(sum, id);
	assert_false(is_due(r, 8999, 9000));
	assert_true(is_due(r, 9000, 99999));
	/* No event is delayed past the horizon. */
	assert_true(is_due(r, 1000, 8999));
	outbox_reader_close(r);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE settled_at IS NULL"), 1);
}

static void
waiting_events_are_due_at_their_time_in_order(void **state)
{
	int64_t ids[] = { rig_put_one("a"), rig_put_one("b"), rig_put_one("c") };
	struct outbox_attempt_end end = rig_end_of(rig_begin(&ids[0], 1), &ids[0], 1);
	struct outbox_reader *r;
	struct outbox_event event;
	int64_t at;
	struct err e;

	(void)state;
	end.outcome = OUTCOME_RETRY;
	end.status = STATUS_PENDING;
	end.next_attempt_at = 9000;
	end.charge = true;
	end.max_batch = 1;
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(outbox_reader_open(rig_dir.file, &r, &e), 0);
	assert_int_equal(outbox_due_soonest(r, rig_site, &at, &e), 0);
	assert_int_equal(at, 9000);
	assert_int_equal(outbox_due_begin(r, rig_site, 8999, INT64_MAX, 0, 0, &e), 0);
	assert_int_equal(outbox_due_next(r, &event, &e), 1);
	assert_int_equal(event.event_id, 2);
	outbox_due_end(r);
	assert_int_equal(outbox_due_begin(r, rig_site, 9000, INT64_MAX, 0, 0, &e), 0);
	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(outbox_due_next(r, &event, &e), 1);
		assert_int_equal(event.event_id, i);
	}
	assert_int_equal(outbox_due_next(r, &event, &e), 0);
	outbox_due_end(r);
	assert_int_equal(outbox_due_begin(r, rig_site, 9000, INT64_MAX, 2, 0, &e), 0);
	assert_int_equal(outbox_due_next(r, &event, &e), 1);
	assert_int_equal(event.event_id, 3);
	outbox_due_end(r);
	outbox_reader_close(r);
	assert_int_equal(rig_number("SELECT attempts FROM outbox WHERE event_id = 1"), 1);
	assert_int_equal(rig_number("SELECT max_batch FROM state WHERE event_id = 1"), 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_attempt_is_a_row_before_and_after),
		TEST(an_attempt_says_where_it_went),
		TEST(a_late_answer_never_overwrites_an_end),
		TEST(an_outage_leaves_events_untouched_but_audited),
		TEST(delivered_is_the_truth_whatever_an_operator_did),
		TEST(a_doubt_is_settled_only_while_it_lasts),
		TEST(attempt_begins_only_with_what_waits),
		TEST(open_attempts_become_unknown_at_the_next_start),
		TEST(a_blamed_event_waits_charged_and_set_apart),
		TEST(waiting_events_are_due_at_their_time_in_order),
	};

	return cmocka_run_group_tests_name("attempts", tests, NULL, NULL);
}
