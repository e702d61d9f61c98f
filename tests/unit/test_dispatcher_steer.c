/* The dispatcher under an operator's hand: pause, resume, flush. */
#include "lib/unit.h"

#include "lib/dispatch_rig.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

static void
steer(struct rig *r, enum dispatch_steer what)
{
	dispatcher_steer(r->dispatcher, RIG_SITE, what);
	rig_settle(r);
}

static void
a_paused_site_ends_what_is_out_and_begins_nothing(void **state)
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
	/* nothing to wake up for */
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
	/* a second one while the probe is out brings no second probe */
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
	dispatcher_steer(r.dispatcher, RIG_SITE + 1, DISPATCH_PAUSE);
	rig_add(&r, 3);
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paused_site_ends_what_is_out_and_begins_nothing),
		cmocka_unit_test(a_site_that_was_paused_before_the_start_stays_so),
		cmocka_unit_test(a_flush_probes_once_and_waits_again),
		cmocka_unit_test(another_site_is_left_alone),
	};

	return cmocka_run_group_tests_name("dispatcher steering", tests, NULL, NULL);
}
