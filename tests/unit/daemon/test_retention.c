/* daemon/jobs/retention: when a run begins, and that a jump of the clock removes nothing. */
#include "lib/unit.h"

#include <stdlib.h>
#include <time.h>

#include "daemon/jobs/retention.h"
#include "lib/fake_clock.h"
#include "unit/outbox/outbox_rig.h"

#define DAY INT64_C(86400000)
#define NOW INT64_C(1796000000000) /* 2026-11 */

static char no_archive[] = "";
static const struct config_retention settings = { .invalid_rows = 90, .archive = no_archive };
static struct fake_clock moment;
static struct clock clock_of_moment;
static struct retention *retention;
static struct age age;

static void
begin(void)
{
	struct segment_event event = rig_track("a");
	struct outbox_put p;
	struct err e;

	event.status = STATUS_INVALID;
	event.reason = "no_email";
	rig_put(&event, 1, &p); /* received and settled at 0, in 1970 */
	moment = (struct fake_clock){ .wall = NOW, .mono = 5000 };
	age = (struct age){ 0 };
	clock_of_moment = fake_clock_of(&moment);
	assert_int_equal(retention_new(rig_outbox, &clock_of_moment, &age, &retention, &e), 0);
}

static void
end(void)
{
	rig_close();
	retention_free(retention);
}

/* Lets seconds pass, with time for the writer between them. */
static void
tick(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		fake_clock_advance(&moment, 1000);
		age_look(&age, moment.wall, moment.mono);
		retention_tick(retention, &settings);
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
}

/* Lets seconds pass until nothing is left to do. */
static void
tick_until_gone(void)
{
	for (int i = 0; i < 2000 && rig_number("SELECT count(*) FROM event") > 0; i++)
		tick(1);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 0);
}

static void
a_pass_runs_a_minute_after_the_start_and_every_hour(void **state)
{
	(void)state;
	begin();
	tick(58);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 1);
	tick_until_gone();
	assert_int_equal(
	    rig_number("SELECT count(*) FROM operations WHERE actor = 'retention' AND events = 1"),
	    1);
	rig_put_one("b");
	end();
}

static void
a_clock_that_jumped_takes_nothing_away(void **state)
{
	(void)state;
	begin();
	tick(1);
	moment.wall += 1000 * DAY;
	tick(80);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 1);
	/* both clocks have agreed for as long as the rows are kept: the clock is trusted again */
	fake_clock_advance(&moment, 91 * DAY);
	tick_until_gone();
	end();
}

static void
limits_follow_the_settings(void **state)
{
	struct config_retention s = { .delivered_payload = 30, .delivered_rows = 365 };
	struct purge_limits l;
	struct age known = { 0 };

	(void)state;
	age_look(&known, NOW, 0);
	retention_limits(&s, &known, NOW, 0, &l);
	assert_int_equal(l.payload_before[STATUS_DELIVERED], NOW - 30 * DAY);
	assert_int_equal(l.rows_before[STATUS_DELIVERED], NOW - 365 * DAY);
	assert_int_equal(l.rows_before[STATUS_FAILED], PURGE_NEVER);
	/* a machine without a battery, whose clock is not set yet */
	retention_limits(&s, &known, 1000, 0, &l);
	assert_int_equal(l.rows_before[STATUS_DELIVERED], PURGE_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_pass_runs_a_minute_after_the_start_and_every_hour, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_clock_that_jumped_takes_nothing_away, rig_set_up, rig_tear_down),
		cmocka_unit_test(limits_follow_the_settings),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
