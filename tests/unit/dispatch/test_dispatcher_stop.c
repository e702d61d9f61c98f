/* The dispatcher's stop, and its thread. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit/dispatch/dispatch_rig.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

static void
start_with(struct rig *r, size_t events)
{
	rig_init(r);
	rig_start(r);
	rig_add(r, events);
	rig_settle(r);
}

static void
stopping_waits_for_the_answer_and_begins_nothing(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 9);
	dispatcher_ask_to_stop(r.dispatcher);
	rig_pass(&r, 9 * SECOND);
	assert_false(r.dispatcher->finished);
	rig_answer(&r, 200, "{}");
	assert_true(r.dispatcher->finished);
	assert_int_equal(rig_requests(&r), 1);
	assert_int_equal(r.outbox->n_attempts, 1);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 3);
	rig_free(&r);
}

static void
stopping_cancels_at_the_deadline_and_records_what_happened(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 1);
	dispatcher_ask_to_stop(r.dispatcher);
	rig_pass(&r, 10 * SECOND - 1);
	assert_int_equal(fake_transport_open(r.transport), 1);
	rig_pass(&r, 1);
	assert_true(r.dispatcher->finished);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->outcome, OUTCOME_UNKNOWN);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->maybe_sent, 1);
	/* a stop does not change the state of the site */
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_free(&r);
}

static void
stopping_between_the_record_and_the_request_ends_it_as_not_sent(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 1);
	dispatcher_step(r.dispatcher);
	fake_outbox_commit(r.outbox);
	dispatcher_ask_to_stop(r.dispatcher);
	rig_settle(&r);
	assert_true(r.dispatcher->finished);
	assert_int_equal(rig_requests(&r), 0);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->outcome, OUTCOME_NOT_SENT);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_free(&r);
}

static void
stopping_does_not_wait_forever_for_a_full_disk(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 1);
	fake_outbox_fail(r.outbox, OUTBOX_ATTEMPT_END, ERR_FULL, UINT32_MAX);
	rig_answer(&r, 200, "{}");
	dispatcher_ask_to_stop(r.dispatcher);
	rig_pass(&r, 10 * SECOND + DISPATCH_RECORD_LAST_MS - 1);
	assert_false(r.dispatcher->finished);
	rig_pass(&r, 2);
	assert_true(r.dispatcher->finished);
	rig_free(&r);
}

static void
a_stopped_outbox_stops_the_sending(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_settle(&r);
	log_setup((enum log_level) - 1, LOG_FORMAT_TEXT);
	r.outbox->stopped = true;
	rig_add(&r, 3);
	rig_pass(&r, HOUR);
	assert_int_equal(rig_requests(&r), 0);
	dispatcher_ask_to_stop(r.dispatcher);
	rig_settle(&r);
	assert_true(r.dispatcher->finished);
	rig_free(&r);
}

/* ---- with its thread --------------------------------------------------------------------------
 */

/* Waits until the transport has seen n requests, for at most ten seconds. */
static bool
wait_for_requests(struct rig *r, size_t n)
{
	for (int i = 0; i < 10000 && fake_transport_count(r->transport) < n; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return fake_transport_count(r->transport) >= n;
}

static void
the_thread_wakes_sends_records_and_ends(void **state)
{
	struct rig r;
	struct err e;

	(void)state;
	rig_init(&r);
	r.outbox->at_once = true;
	rig_start(&r);
	r.dispatcher->ctx.clock = &clock_system;
	assert_int_equal(dispatcher_start(r.dispatcher, &e), 0);
	for (size_t i = 0; i < 200; i++) {
		rig_add(&r, 1);
		assert_true(wait_for_requests(&r, i + 1));
		fake_transport_answer(r.transport, i, 200, "{}", -1);
	}
	dispatcher_stop(r.dispatcher);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 200);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopping_waits_for_the_answer_and_begins_nothing),
		cmocka_unit_test(stopping_cancels_at_the_deadline_and_records_what_happened),
		cmocka_unit_test(stopping_between_the_record_and_the_request_ends_it_as_not_sent),
		cmocka_unit_test(stopping_does_not_wait_forever_for_a_full_disk),
		cmocka_unit_test(a_stopped_outbox_stops_the_sending),
		cmocka_unit_test(the_thread_wakes_sends_records_and_ends),
	};

	return cmocka_run_group_tests_name("dispatcher stopping", tests, NULL, NULL);
}
