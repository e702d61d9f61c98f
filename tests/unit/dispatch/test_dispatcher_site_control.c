/* The dispatcher and operators: pause, resume, flush, and changes of single events. */
#include "lib/unit.h"

#include "dispatch/queue/fill.h"
#include "unit/dispatch/dispatch_rig.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

static void
steer(struct rig *r, enum dispatch_site_control what)
{
	dispatcher_site_control(r->dispatcher, RIG_SITE, what);
	rig_settle(r);
}

static void
a_paused_site_ends_its_requests_and_begins_none(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 9);
	rig_settle(&r);
	steer(&r, DISPATCH_PAUSE);
	rig_answer(&r, 200, "{}");
	rig_pass(&r, 24 * HOUR);
	assert_int_equal(rig_requests(&r), 1);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 3);
	/* the dispatcher has no reason to wake up */
	assert_int_equal(r.wait, -1);
	steer(&r, DISPATCH_RESUME);
	assert_int_equal(rig_requests(&r), 2);
	rig_free(&r);
}

static void
a_site_that_was_paused_before_the_start_stays_so(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.paused = true;
	rig_start(&r);
	rig_add(&r, 3);
	rig_pass(&r, HOUR);
	assert_int_equal(rig_requests(&r), 0);
	steer(&r, DISPATCH_FLUSH);
	rig_pass(&r, HOUR);
	assert_int_equal(rig_requests(&r), 0);
	steer(&r, DISPATCH_RESUME);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
while_the_clock_is_not_set_nothing_begins(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 3);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	dispatcher_hold(r.dispatcher, true);
	rig_settle(&r);
	rig_answer(&r, 200, "{}"); /* the request in flight ends */
	rig_add(&r, 6);
	rig_pass(&r, 24 * HOUR);
	steer(&r, DISPATCH_FLUSH);
	assert_int_equal(rig_requests(&r), 1);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 3);
	dispatcher_hold(r.dispatcher, false);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 2);
	rig_free(&r);
}

static void
a_flush_probes_once_and_waits_again(void **state)
{
	struct rig r;
	int64_t waited;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 9);
	rig_settle(&r);
	rig_answer(&r, 401, "");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_PAUSED);
	steer(&r, DISPATCH_FLUSH);
	assert_int_equal(rig_requests(&r), 2);
	/* a second flush while the probe is in flight causes no second probe */
	steer(&r, DISPATCH_FLUSH);
	assert_int_equal(rig_requests(&r), 2);
	rig_answer(&r, 401, "");
	waited = r.time.mono;
	rig_pass(&r, HOUR - SECOND);
	assert_int_equal(rig_requests(&r), 2);
	rig_pass(&r, 2 * SECOND);
	assert_int_equal(rig_requests(&r), 3);
	assert_true(r.time.mono - waited >= HOUR);
	rig_free(&r);
}

static void
another_site_is_left_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	dispatcher_site_control(r.dispatcher, RIG_SITE + 1, DISPATCH_PAUSE);
	rig_add(&r, 3);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
add_of(struct rig *r, const char *email)
{
	rig_add(r, 1);
	fake_outbox_event(r->outbox, (int64_t)r->outbox->n_events)->email = email;
}

static void
a_prepared_event_that_is_held_is_not_sent(void **state)
{
	struct rig r;

	(void)state;
	for (int told = 0; told < 2; told++) {
		rig_init(&r);
		rig_start(&r);
		rig_add(&r, 7);
		rig_settle(&r);
		/* events 4, 5 and 6 are prepared, whether or not the dispatcher knows of the
		 * change */
		fake_outbox_operate(r.outbox, 5, STATUS_HELD);
		if (told)
			dispatcher_look_again(r.dispatcher);
		rig_answer(&r, 200, "{}");
		assert_string_equal(
		    rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":6},{\"n\":7}]}");
		rig_answer(&r, 200, "{}");
		assert_int_equal(rig_requests(&r), 2);
		assert_int_equal(r.wait, -1);
		rig_free(&r);
	}
}

static void
an_event_discarded_while_its_attempt_begins_stays_discarded(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 3);
	dispatcher_step(r.dispatcher);
	fake_outbox_operate(r.outbox, 1, STATUS_DISCARDED);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2},{\"n\":3}]}");
	rig_answer(&r, 200, "{}");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_DISCARDED);
	rig_free(&r);
}

/* A released event is older than the prepared events of its address, and is sent before them. */
static void
a_released_event_keeps_its_order(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 3);
	add_of(&r, "ann@example.com");
	add_of(&r, "ann@example.com");
	rig_add(&r, 1);
	fake_outbox_operate(r.outbox, 4, STATUS_HELD);
	rig_settle(&r);
	fake_outbox_operate(r.outbox, 4, STATUS_PENDING);
	dispatcher_look_again(r.dispatcher);
	rig_answer(&r, 200, "{}");
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4},{\"n\":5},{\"n\":6}]}");
	rig_free(&r);
}

/* The released event is one of those that are not read again, because they wait for an older
 * one. */
static void
a_released_event_is_found_among_blocked_ones(void **state)
{
	struct rig r;
	int64_t asked;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	for (int64_t i = 1; i <= FILL_LOOK_MAX + 10; i++)
		add_of(&r, i == 9 ? "bob@example.com" : "ann@example.com");
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + HOUR;
	fake_outbox_operate(r.outbox, 9, STATUS_FAILED);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 0);
	asked = r.time.mono;
	fake_outbox_operate(r.outbox, 9, STATUS_PENDING);
	dispatcher_look_again(r.dispatcher);
	rig_settle(&r);
	assert_int_equal(r.time.mono, asked);
	assert_int_equal(rig_requests(&r), 1);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":9}]}");
	rig_free(&r);
}

static void
an_event_settled_by_an_operator_unblocks_later_ones(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	add_of(&r, "ann@example.com");
	add_of(&r, "Ann@example.com");
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + HOUR;
	rig_pass(&r, SECOND);
	assert_int_equal(rig_requests(&r), 0);
	fake_outbox_operate(r.outbox, 1, STATUS_FAILED);
	dispatcher_look_again(r.dispatcher);
	rig_pass(&r, 2 * SECOND);
	assert_int_equal(rig_requests(&r), 1);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_free(&r);
}

/* A request in flight when an operator holds its event ends normally: delivered overrides. */
static void
an_attempt_under_way_ends_normally(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 2);
	rig_settle(&r);
	fake_outbox_operate(r.outbox, 1, STATUS_DISCARDED);
	fake_outbox_operate(r.outbox, 2, STATUS_HELD);
	fake_outbox_operate(r.outbox, 2, STATUS_PENDING);
	dispatcher_look_again(r.dispatcher);
	rig_settle(&r);
	/* the event is not sent a second time while the first request is in flight */
	assert_int_equal(rig_requests(&r), 1);
	rig_answer(&r, 200, "{}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 2);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paused_site_ends_its_requests_and_begins_none),
		cmocka_unit_test(a_site_that_was_paused_before_the_start_stays_so),
		cmocka_unit_test(while_the_clock_is_not_set_nothing_begins),
		cmocka_unit_test(a_flush_probes_once_and_waits_again),
		cmocka_unit_test(another_site_is_left_alone),
		cmocka_unit_test(a_prepared_event_that_is_held_is_not_sent),
		cmocka_unit_test(an_event_discarded_while_its_attempt_begins_stays_discarded),
		cmocka_unit_test(a_released_event_keeps_its_order),
		cmocka_unit_test(a_released_event_is_found_among_blocked_ones),
		cmocka_unit_test(an_event_settled_by_an_operator_unblocks_later_ones),
		cmocka_unit_test(an_attempt_under_way_ends_normally),
	};

	return cmocka_run_group_tests_name("dispatcher steering", tests, NULL, NULL);
}
