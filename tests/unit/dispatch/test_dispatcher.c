/* The dispatcher without failures: what is sent, when, and what is recorded. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/dispatch/dispatch_rig.h"

#define ALL_GOOD "{\"results\":3,\"failed\":0}"

static void
an_event_goes_out_at_once_and_only_after_the_commit(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_settle(&r);
	assert_int_equal(r.wait, -1);
	rig_add(&r, 1);
	dispatcher_step(r.dispatcher);
	assert_int_equal(r.outbox->waiting, 1);
	dispatcher_step(r.dispatcher);
	assert_int_equal(rig_requests(&r), 0);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	assert_string_equal(rig_body(&r, 0), "{\"events\":[{\"n\":1}]}");
	assert_string_equal(r.transport->requests[0]->request.url,
	    "http://bento.invalid/api/v1/batch/events?site_uuid=u-1");
	assert_string_equal(r.transport->requests[0]->request.user, "pub");
	assert_string_equal(r.transport->requests[0]->request.password, "sec");
	assert_null(r.transport->requests[0]->request.ca_file);
	assert_int_equal(r.transport->requests[0]->request.timeout_ms, 30000);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->n_bytes, strlen(rig_body(&r, 0)));
	rig_free(&r);
}

static void
a_delivery_is_recorded_and_nothing_follows(void **state)
{
	struct rig r;
	struct fake_attempt *a;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 2);
	rig_settle(&r);
	rig_answer(&r, 200, "{\"results\":2}");
	a = fake_outbox_attempt(r.outbox, 1);
	assert_int_equal(a->outcome, OUTCOME_DELIVERED);
	assert_int_equal(a->http_status, 200);
	assert_string_equal(a->error, "");
	assert_string_equal(a->response, "{\"results\":2}");
	assert_int_equal(a->site.mode, OUTBOX_SITE_READY);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 2);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->attempts, 1);
	assert_int_equal(r.dispatcher->sites[0].queue.taken.n, 0);
	assert_int_equal(r.wait, -1);
	rig_pass(&r, 3600000);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
batches_are_cut_by_count_in_order_of_arrival(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 7);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":1},{\"n\":2},{\"n\":3}]}");
	rig_answer(&r, 200, ALL_GOOD);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":5},{\"n\":6}]}");
	rig_answer(&r, 200, ALL_GOOD);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":7}]}");
	rig_answer(&r, 200, ALL_GOOD);
	assert_int_equal(rig_requests(&r), 3);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 7);
	rig_free(&r);
}

/* Checks that the first body has n events when the limit is `bytes`. */
static void
check_cut(size_t bytes, const char *first)
{
	struct rig r;

	rig_init(&r);
	r.site.batch_bytes = bytes;
	rig_start(&r);
	rig_add(&r, 3);
	rig_settle(&r);
	assert_string_equal(rig_body(&r, 0), first);
	rig_free(&r);
}

static void
batches_are_cut_by_bytes(void **state)
{
	const char *two = "{\"events\":[{\"n\":1},{\"n\":2}]}";
	const char *one = "{\"events\":[{\"n\":1}]}";

	(void)state;
	check_cut(strlen(two) + 1, two);
	check_cut(strlen(two), two);
	check_cut(strlen(two) - 1, one);
	check_cut(strlen(one), one);
	/* an event that is larger than the limit is sent by itself */
	check_cut(strlen(one) - 1, one);
	check_cut(1, one);
}

static void
a_large_event_travels_alone(void **state)
{
	struct rig r;
	char large[1500];

	(void)state;
	rig_init(&r);
	rig_start(&r);
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	rig_add(&r, 1);
	fake_outbox_add(r.outbox, RIG_SITE, large);
	rig_add(&r, 1);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":1}]}");
	rig_answer(&r, 200, "{}");
	assert_int_equal(strlen(rig_last_body(&r)), strlen("{\"events\":[]}") + strlen(large));
	rig_answer(&r, 200, "{}");
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":3}]}");
	rig_free(&r);
}

static void
as_many_requests_as_concurrency_are_in_flight(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.concurrency = 2;
	rig_start(&r);
	rig_add(&r, 30);
	rig_settle(&r);
	assert_int_equal(fake_transport_open(r.transport), 2);
	/* the fake outbox detects an event in two requests */
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":5},{\"n\":6}]}");
	rig_answer(&r, 200, ALL_GOOD);
	assert_int_equal(fake_transport_open(r.transport), 2);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":7},{\"n\":8},{\"n\":9}]}");
	rig_free(&r);
}

static void
an_end_and_the_next_beginning_share_a_commit(void **state)
{
	struct rig r;
	char waiting[8];

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 6);
	rig_settle(&r);
	/* the next batch is prepared while the first is in flight */
	assert_true(r.dispatcher->sites[0].queue.prepared.members.n > 0);
	assert_int_equal(r.dispatcher->sites[0].queue.prepared.members.n, 3);
	fake_transport_answer(r.transport, 0, 200, ALL_GOOD, -1);
	dispatcher_step(r.dispatcher);
	assert_string_equal(fake_outbox_delayed(r.outbox, waiting, sizeof(waiting)), "eb");
	rig_free(&r);
}

static void
a_prepared_batch_takes_events_that_arrive_later(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 4);
	rig_settle(&r);
	assert_int_equal(r.dispatcher->sites[0].queue.prepared.members.n, 1);
	rig_add(&r, 1);
	rig_settle(&r);
	assert_int_equal(r.dispatcher->sites[0].queue.prepared.members.n, 2);
	rig_add(&r, 4);
	rig_answer(&r, 200, ALL_GOOD);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":5},{\"n\":6}]}");
	rig_free(&r);
}

static void
a_prepared_batch_does_not_send_what_an_operator_took_away(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 6);
	rig_settle(&r);
	fake_outbox_event(r.outbox, 5)->status = STATUS_DISCARDED;
	rig_pass(&r, 1001);
	rig_answer(&r, 200, ALL_GOOD);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":6}]}");
	rig_free(&r);
}

static void
requests_are_evenly_spaced_and_idle_time_allows_no_burst(void **state)
{
	struct rig r;
	int64_t before;

	(void)state;
	rig_init(&r);
	r.site.link.requests_per_minute = 60;
	rig_start(&r);
	rig_add(&r, 30);
	rig_settle(&r);
	for (size_t sent = 1; sent < 5; sent++) {
		rig_answer(&r, 200, ALL_GOOD);
		before = r.time.mono;
		rig_pass(&r, 999);
		assert_int_equal(rig_requests(&r), sent);
		rig_pass(&r, 1);
		assert_int_equal(rig_requests(&r), sent + 1);
		assert_int_equal(r.time.mono - before, 1000);
	}
	rig_pass(&r, 600000);
	rig_answer(&r, 200, ALL_GOOD);
	assert_int_equal(rig_requests(&r), 6);
	rig_answer(&r, 200, ALL_GOOD);
	rig_pass(&r, 999);
	assert_int_equal(rig_requests(&r), 6);
	rig_pass(&r, 1);
	assert_int_equal(rig_requests(&r), 7);
	rig_free(&r);
}

/* The first commit takes 900 ms: the second request is spaced from the first one's real start. */
static void
a_slow_commit_does_not_push_two_requests_together(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.link.requests_per_minute = 60;
	r.site.concurrency = 2;
	rig_start(&r);
	rig_add(&r, 6);
	dispatcher_step(r.dispatcher);
	fake_clock_advance(&r.time, 1900);
	dispatcher_step(r.dispatcher);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	rig_pass(&r, 999);
	assert_int_equal(rig_requests(&r), 1);
	rig_pass(&r, 1);
	assert_int_equal(rig_requests(&r), 2);
	rig_free(&r);
}

static void
a_delayed_event_is_sent_when_its_time_comes(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	fake_outbox_event(r.outbox, fake_outbox_add(r.outbox, RIG_SITE, "later"))->next_attempt_at =
	    r.time.wall + 200000;
	rig_pass(&r, 199999);
	assert_int_equal(rig_requests(&r), 0);
	rig_pass(&r, 1);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
events_of_other_sites_are_left_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	fake_outbox_add(r.outbox, RIG_SITE + 1, "{}");
	rig_add(&r, 1);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_free(&r);
}

static void
unfit_events_become_invalid_and_block_no_others(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	fake_outbox_add(r.outbox, RIG_SITE, "!");
	fake_outbox_add(r.outbox, RIG_SITE, "?");
	fake_outbox_add(r.outbox, RIG_SITE, "!");
	fake_outbox_add(r.outbox, RIG_SITE, NULL);
	rig_add(&r, 1);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":5}]}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_INVALID), 4);
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "first_reason");
	assert_string_equal(fake_outbox_event(r.outbox, 2)->reason, "second_reason");
	assert_string_equal(fake_outbox_event(r.outbox, 3)->reason, "first_reason");
	assert_string_equal(fake_outbox_event(r.outbox, 4)->reason, "body_removed");
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->n_events, 1);
	rig_free(&r);
}

static void
many_unfit_events_are_settled_in_turns(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	for (int i = 0; i < 3000; i++)
		fake_outbox_add(r.outbox, RIG_SITE, i % 2 == 0 ? "!" : "?");
	rig_add(&r, 1);
	/* one step reads at most as many unfit events as one message can settle, plus a fixed
	 * number */
	dispatcher_step(r.dispatcher);
	assert_true(r.outbox->loads <= 1500);
	rig_settle(&r);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_INVALID), 3000);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":3001}]}");
	assert_int_equal(r.dispatcher->sites[0].queue.taken.n, 1);
	rig_free(&r);
}

static void
a_start_clears_the_recorded_state_of_a_site(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.outbox->site.mode = OUTBOX_SITE_PAUSED;
	rig_start(&r);
	rig_settle(&r);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_pass(&r, 60000);
	assert_int_equal(r.outbox->site_changes, 1);
	rig_free(&r);
}

/* ---- the Date of answers ---------------------------------------------------------------------
 */

static void
note_error(void *arg, int64_t error_ms)
{
	*(int64_t *)arg = error_ms;
}

/* Returns what a Date at that distance from the start of a request of 5 s says about the clock. */
static int64_t
clock_error(struct rig *r, int64_t after_start)
{
	int64_t error = -7;

	r->dispatcher->ctx.on_date = note_error;
	r->dispatcher->ctx.on_date_arg = &error;
	rig_add(r, 1);
	rig_settle(r);
	if (after_start != INT64_MAX)
		r->transport->date = r->time.wall + after_start;
	fake_clock_advance(&r->time, 5000);
	rig_answer(r, 200, "{\"results\":1}");
	r->transport->date = 0;
	return error;
}

static void
the_date_of_an_answer_shows_whether_the_clock_is_right(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	assert_int_equal(clock_error(&r, 0), 0);
	assert_int_equal(clock_error(&r, -AGE_JUMP_MS), 0);
	assert_int_equal(clock_error(&r, -AGE_JUMP_MS - 1), 5000 + AGE_JUMP_MS + 1);
	assert_int_equal(clock_error(&r, 5000 + AGE_JUMP_MS), 0);
	assert_int_equal(clock_error(&r, 5000 + AGE_JUMP_MS + 1), -AGE_JUMP_MS - 1);
	assert_int_equal(clock_error(&r, INT64_MAX), -7);
	rig_free(&r);
}

static void
a_step_that_was_asked_for_shows_that_the_thread_moves(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_settle(&r);
	assert_true(dispatcher_moves(r.dispatcher));
	assert_false(dispatcher_moves(r.dispatcher));
	rig_settle(&r);
	assert_true(dispatcher_moves(r.dispatcher));
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_goes_out_at_once_and_only_after_the_commit),
		cmocka_unit_test(a_delivery_is_recorded_and_nothing_follows),
		cmocka_unit_test(batches_are_cut_by_count_in_order_of_arrival),
		cmocka_unit_test(batches_are_cut_by_bytes),
		cmocka_unit_test(a_large_event_travels_alone),
		cmocka_unit_test(as_many_requests_as_concurrency_are_in_flight),
		cmocka_unit_test(an_end_and_the_next_beginning_share_a_commit),
		cmocka_unit_test(a_prepared_batch_takes_events_that_arrive_later),
		cmocka_unit_test(a_prepared_batch_does_not_send_what_an_operator_took_away),
		cmocka_unit_test(requests_are_evenly_spaced_and_idle_time_allows_no_burst),
		cmocka_unit_test(a_slow_commit_does_not_push_two_requests_together),
		cmocka_unit_test(a_delayed_event_is_sent_when_its_time_comes),
		cmocka_unit_test(events_of_other_sites_are_left_alone),
		cmocka_unit_test(unfit_events_become_invalid_and_block_no_others),
		cmocka_unit_test(many_unfit_events_are_settled_in_turns),
		cmocka_unit_test(a_start_clears_the_recorded_state_of_a_site),
		cmocka_unit_test(a_step_that_was_asked_for_shows_that_the_thread_moves),
		cmocka_unit_test(the_date_of_an_answer_shows_whether_the_clock_is_right),
	};

	return cmocka_run_group_tests_name("dispatcher", tests, NULL, NULL);
}
