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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_goes_on_behind_the_taken_events),
		cmocka_unit_test(events_that_go_again_are_read_again),
		cmocka_unit_test(a_dropped_preparation_is_read_again),
		cmocka_unit_test(an_event_that_was_skipped_is_not_passed),
		cmocka_unit_test(an_older_event_is_found_within_a_second),
	};

	return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
