/* Where the queue begins to read: behind the events that are taken, and not past any other. */
#include "lib/unit.h"

#include "unit/dispatch/dispatch_rig.h"

#define SECOND 1000
#define TAKEN "{\"results\":3,\"failed\":0}"

/* Batches of 3, one in flight and one prepared. */
static void
begin(struct rig *r, size_t n)
{
	rig_init(r);
	rig_start(r);
	rig_add(r, n);
	rig_settle(r);
	assert_string_equal(rig_body(r, 0), "{\"events\":[{\"n\":1},{\"n\":2},{\"n\":3}]}");
}

static void
reading_goes_on_behind_the_taken_events(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 12);
	assert_int_equal(r.outbox->read_after, 3);
	rig_answer(&r, 200, TAKEN);
	assert_int_equal(r.outbox->read_after, 6);
	rig_answer(&r, 200, TAKEN);
	assert_int_equal(r.outbox->read_after, 9);
	rig_free(&r);
}

static void
events_that_go_again_are_read_again(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 12);
	rig_answer(&r, 422, "");
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":1},{\"n\":2}]}");
	rig_answer(&r, 200, "{\"results\":2,\"failed\":0}");
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":3}]}");
	rig_free(&r);
}

static void
a_dropped_preparation_is_read_again(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 12);
	/* events 4, 5 and 6 are prepared */
	queue_drop(&r.dispatcher->sites[0].queue);
	rig_answer(&r, 200, TAKEN);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":5},{\"n\":6}]}");
	rig_free(&r);
}

static void
an_event_that_was_skipped_is_not_passed(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	/* this event goes to another endpoint than its neighbors */
	fake_outbox_add(r.outbox, RIG_SITE, "{\"n\":1}");
	fake_outbox_add(r.outbox, RIG_SITE, "s{\"n\":2}");
	rig_add(&r, 9);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":1},{\"n\":3},{\"n\":4}]}");
	assert_int_equal(r.outbox->read_after, 1);
	rig_answer(&r, 200, TAKEN);
	assert_string_equal(rig_last_body(&r), "{\"subscribers\":[{\"n\":2}]}");
	rig_free(&r);
}

/* An older event becomes due, and the dispatcher is not woken. */
static void
an_older_event_is_found_within_a_second(void **state)
{
	struct rig r;
	size_t sent = 0;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 1);
	fake_outbox_event(r.outbox, 1)->status = STATUS_HELD;
	rig_add(&r, 60);
	rig_settle(&r);
	fake_outbox_operate(r.outbox, 1, STATUS_PENDING);
	for (; fake_outbox_event(r.outbox, 1)->status == STATUS_PENDING; sent++) {
		assert_true(sent < 14);
		rig_pass(&r, SECOND / 10);
		rig_answer(&r, 200, TAKEN);
	}
	rig_free(&r);
}

static size_t
prepared(const struct rig *r)
{
	return r->dispatcher->sites[0].queue.prepared.members.n;
}

/* Batches of 300 of 1,000 events; as many as may be are in flight. The first event has an address
 * of its own, or that of a later event. */
static void
begin_large(struct rig *r, unsigned concurrency, const char *first_address)
{
	rig_init(r);
	r->site.batch_events = 300;
	r->site.batch_bytes = 100000;
	r->site.concurrency = concurrency;
	r->outbox->at_once = true;
	rig_start(r);
	rig_add(r, 1000);
	fake_outbox_event(r->outbox, 1)->email = first_address;
	while (rig_requests(r) < concurrency)
		r->wait = dispatcher_step(r->dispatcher);
	assert_int_equal(fake_outbox_attempt(r->outbox, concurrency)->n_events, 300);
}

static void
a_batch_is_prepared_in_steps_while_another_is_in_flight(void **state)
{
	struct rig r;

	(void)state;
	begin_large(&r, 1, NULL); /* two steps: one for the record, which prepares, one to send */
	assert_int_equal(prepared(&r), 128);
	assert_int_equal(r.wait, 0);
	r.wait = dispatcher_step(r.dispatcher);
	assert_int_equal(prepared(&r), 256);
	assert_int_equal(r.wait, 0);
	r.wait = dispatcher_step(r.dispatcher);
	assert_int_equal(prepared(&r), 300);
	assert_int_not_equal(r.wait, 0);
	rig_free(&r);
}

static void
a_batch_is_completed_before_it_is_sent(void **state)
{
	struct rig r;

	(void)state;
	begin_large(&r, 1, NULL);
	assert_int_equal(prepared(&r), 128);
	rig_answer(&r, 200, "{\"results\":300,\"failed\":0}");
	assert_int_equal(fake_outbox_attempt(r.outbox, 2)->n_events, 300);
	assert_int_equal(fake_outbox_attempt(r.outbox, 2)->first_id, 301);
	rig_free(&r);
}

/* Event 610 waits for the end of event 1. After such an event a batch is not filled further, so
 * reading does not stop before the batch is full. */
static void
a_batch_with_a_gap_is_prepared_at_once(void **state)
{
	struct rig r;

	(void)state;
	begin_large(&r, 2, "a610@example.com");
	assert_int_equal(prepared(&r), 300);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_goes_on_behind_the_taken_events),
		cmocka_unit_test(events_that_go_again_are_read_again),
		cmocka_unit_test(a_dropped_preparation_is_read_again),
		cmocka_unit_test(an_event_that_was_skipped_is_not_passed),
		cmocka_unit_test(an_older_event_is_found_within_a_second),
		cmocka_unit_test(a_batch_is_prepared_in_steps_while_another_is_in_flight),
		cmocka_unit_test(a_batch_is_completed_before_it_is_sent),
		cmocka_unit_test(a_batch_with_a_gap_is_prepared_at_once),
	};

	return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
