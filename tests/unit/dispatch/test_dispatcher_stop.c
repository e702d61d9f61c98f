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

/* ---- waking the thread ----------------------------------------------------------------------- */

/* Falls asleep as the thread does, then says that an event is due; returns how often that woke it.
 */
static unsigned
wakes_of_an_event(struct rig *r)
{
	unsigned before = r->transport->wakes;

	rig_settle(r);
	atomic_store(&r->dispatcher->waking, DISPATCH_ASLEEP);
	rig_add(r, 1);
	return r->transport->wakes - before;
}

static void
waking_is_cheap_when_awake(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	for (int i = 0; i < 1000; i++)
		dispatcher_wake(r.dispatcher);
	assert_int_equal(r.transport->wakes, 0);
	assert_int_equal(wakes_of_an_event(&r), 1);
	for (int i = 0; i < 1000; i++)
		dispatcher_wake(r.dispatcher);
	assert_int_equal(r.transport->wakes, 1);
	rig_free(&r);
}

static void
events_do_not_wake_a_site_that_will_look_anyway(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	assert_int_equal(wakes_of_an_event(&r), 1);
	rig_settle(&r);
	rig_break(&r, PHASE_NOT_SENT);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
	/* The first one says that there is news; the thread keeps it until it can look. */
	wakes_of_an_event(&r);
	for (int i = 0; i < 10; i++)
		assert_int_equal(wakes_of_an_event(&r), 0);
	/* The probe goes out in time all the same, and then everything that has come in. */
	rig_pass(&r, 10000);
	assert_int_equal(rig_requests(&r), 2);
	while (fake_outbox_count(r.outbox, STATUS_DELIVERED) < 12)
		rig_answer(&r, 200, "{\"results\":3}");
	/* Now nothing is unread, and the next event wakes it again. */
	assert_int_equal(wakes_of_an_event(&r), 1);
	rig_settle(&r);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 12);
	rig_answer(&r, 200, "{\"results\":1}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 13);
	rig_free(&r);
}

/* The news that it kept is out of date when it looks and finds nothing: it must hear of the next
 * event. */
static void
kept_news_hides_no_later_event(void **state)
{
	struct rig r;
	unsigned wakes;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	rig_break(&r, PHASE_NOT_SENT);
	wakes_of_an_event(&r);
	assert_int_equal(wakes_of_an_event(&r), 0);
	rig_settle(&r);
	for (int64_t id = 1; id <= 3; id++)
		fake_outbox_event(r.outbox, id)->status = STATUS_DISCARDED;
	while (r.dispatcher->sites[0].queue.look) {
		assert_true(r.wait > 0);
		fake_clock_advance(&r.time, r.wait);
		rig_settle(&r);
	}
	assert_int_equal(rig_requests(&r), 1);
	wakes = r.transport->wakes;
	atomic_store(&r.dispatcher->waking, DISPATCH_ASLEEP);
	rig_add(&r, 1);
	assert_int_equal(r.transport->wakes, wakes + 1);
	rig_free(&r);
}

/* One site looks anyway; the other one has nothing unread, and must hear of each event. */
static void
events_wake_the_other_site(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.two = true;
	rig_start(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	rig_break(&r, PHASE_NOT_SENT);
	for (int i = 0; i < 10; i++)
		assert_int_equal(wakes_of_an_event(&r), 1);
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
		cmocka_unit_test(waking_is_cheap_when_awake),
		cmocka_unit_test(events_do_not_wake_a_site_that_will_look_anyway),
		cmocka_unit_test(kept_news_hides_no_later_event),
		cmocka_unit_test(events_wake_the_other_site),
	};

	return cmocka_run_group_tests_name("dispatcher stopping", tests, NULL, NULL);
}
