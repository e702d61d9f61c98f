/* outbox/meters: what the writer counts for metrics, and when. */
#include "lib/unit.h"

#include "outbox/meters.h"
#include "unit/outbox/outbox_rig.h"

static const struct meters_site *
site(void)
{
	const struct meters_site *found = meters_find(outbox_meters(rig_outbox), rig_site);

	assert_non_null(found);
	return found;
}

static uint64_t
received(enum event_kind kind)
{
	return meters_get(&site()->received[kind]);
}

static struct histogram_view
view_of(const struct histogram *h, const struct histogram_bounds *bounds)
{
	struct histogram_view view;

	histogram_read(h, bounds, &view);
	return view;
}

/* The site of the configuration has numbers before its first event. */
static void
stored_events_count_by_kind(void **state)
{
	struct segment_event events[] = { rig_track("a"), rig_track("b"), rig_track("a"),
		rig_track("c") };
	struct outbox_put p;

	(void)state;
	events[3].kind = KIND_IDENTIFY;
	assert_int_equal(received(KIND_TRACK), 0);
	assert_int_equal(rig_put(events, 4, &p), 0);
	assert_int_equal(received(KIND_TRACK), 2);
	assert_int_equal(received(KIND_IDENTIFY), 1);
	assert_int_equal(rig_put(events, 4, &p), 0);
	assert_int_equal(received(KIND_TRACK), 2);
	assert_int_equal(received(KIND_IDENTIFY), 1);
	assert_int_equal(received(KIND_UNKNOWN), 0);
}

/* The writer may add commits of its own, such as the next step of a long one. */
static void
commits_are_measured(void **state)
{
	const struct meters *m = outbox_meters(rig_outbox);
	uint64_t before = view_of(&m->commit, &meters_commit_bounds).count;

	(void)state;
	rig_put_one("a");
	rig_put_one("b");
	assert_true(view_of(&m->commit, &meters_commit_bounds).count >= before + 2);
	assert_true(view_of(&m->commit, &meters_commit_bounds).sum > 0);
}

static uint64_t
attempts(enum bento_endpoint endpoint, enum attempt_outcome outcome)
{
	return meters_get(&site()->attempts[endpoint][outcome]);
}

/* Delivered 2 s and 3 s after the receipt: the edge of 2.5 s lies between them. */
static void
an_attempt_counts_when_it_ends(void **state)
{
	const struct meters *m = outbox_meters(rig_outbox);
	const int64_t ids[] = { rig_put_one("a"), rig_put_one("b") }, times[] = { 2000, 1000 };
	struct outbox_attempt_end end = rig_end_of(rig_begin(ids, 2), ids, 2);
	struct histogram_view view;

	(void)state;
	end.received = times;
	end.endpoint = BENTO_SUBSCRIBERS;
	assert_int_equal(attempts(BENTO_SUBSCRIBERS, OUTCOME_DELIVERED), 0);
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(attempts(BENTO_SUBSCRIBERS, OUTCOME_DELIVERED), 1);
	assert_int_equal(attempts(BENTO_EVENTS, OUTCOME_DELIVERED), 0);
	view = view_of(&m->delivery, &meters_delivery_bounds);
	assert_int_equal(view.up_to[0], 0);
	assert_int_equal(view.up_to[1], 1);
	assert_int_equal(view.up_to[2], 2);
	assert_int_equal(view.sum, 5000000);
	view = view_of(&m->attempt, &meters_attempt_bounds);
	assert_int_equal(view.count, 1);
	assert_int_equal(view.sum, 5000);
	/* Its second end is refused, and counts nowhere. */
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), -1);
	assert_int_equal(attempts(BENTO_SUBSCRIBERS, OUTCOME_DELIVERED), 1);
	assert_int_equal(view_of(&m->attempt, &meters_attempt_bounds).count, 1);
	assert_int_equal(meters_get(&site()->maybe_sent), 0);
}

static void
events_in_doubt_are_counted(void **state)
{
	const struct meters *m = outbox_meters(rig_outbox);
	const int64_t ids[] = { rig_put_one("a"), rig_put_one("b") }, times[] = { 2000, 1000 };
	struct outbox_attempt_end end = rig_end_of(rig_begin(ids, 2), ids, 2);

	(void)state;
	end.received = times;
	end.outcome = OUTCOME_UNKNOWN;
	end.status = STATUS_PENDING;
	end.maybe_sent = true;
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(attempts(BENTO_EVENTS, OUTCOME_UNKNOWN), 1);
	assert_int_equal(meters_get(&site()->maybe_sent), 2);
	assert_int_equal(view_of(&m->delivery, &meters_delivery_bounds).count, 0);
}

/* A crash cut off two attempts; the next process says how many events are in doubt. */
static void
what_a_crash_cut_off_is_counted_by_the_next_start(void **state)
{
	const int64_t ids[] = { rig_put_one("a"), rig_put_one("b"), rig_put_one("c") };

	(void)state;
	rig_begin(ids, 2);
	rig_begin(ids + 2, 1);
	assert_int_equal(meters_get(&site()->maybe_sent), 0);
	rig_close();
	assert_int_equal(rig_open(), 2);
	assert_int_equal(meters_get(&site()->maybe_sent), 3);
}

static void
sites_without_a_place_share_the_last_one(void **state)
{
	static struct meters m;

	(void)state;
	for (int64_t id = 1; id < METERS_SITES; id++)
		meters_add(&meters_site(&m, id)->maybe_sent, 1);
	assert_int_equal(meters_find(&m, METERS_SITES - 1)->site_id, METERS_SITES - 1);
	assert_null(meters_find(&m, METERS_SITES));
	assert_null(meters_find(&m, 0));
	meters_add(&meters_site(&m, METERS_SITES)->maybe_sent, 2);
	meters_add(&meters_site(&m, METERS_SITES + 1)->maybe_sent, 3);
	assert_null(meters_find(&m, METERS_SITES));
	assert_int_equal(meters_get(&meters_find(&m, 0)->maybe_sent), 5);
	assert_int_equal(meters_get(&meters_find(&m, 1)->maybe_sent), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(stored_events_count_by_kind),
		TEST(commits_are_measured),
		TEST(an_attempt_counts_when_it_ends),
		TEST(events_in_doubt_are_counted),
		TEST(what_a_crash_cut_off_is_counted_by_the_next_start),
		cmocka_unit_test(sites_without_a_place_share_the_last_one),
	};

	return cmocka_run_group_tests_name("meters", tests, NULL, NULL);
}
