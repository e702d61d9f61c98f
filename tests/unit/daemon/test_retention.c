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
static struct clock_history history;

static void
look(void)
{
	age_look(&history, &(struct age_reading){ 1, moment.wall, moment.mono, CLOCK_UNCONFIRMED });
}

/* Begins with an event that was received, and became invalid, at that time. */
static void
begin(int64_t received_at)
{
	struct segment_event event = rig_track("a");
	struct outbox_put p = {
		.site_id = rig_site, .received_at = received_at, .events = &event, .n_events = 1
	};
	struct err e;

	event.status = STATUS_INVALID;
	event.reason = "no_email";
	assert_int_equal(rig_send(&p.msg, OUTBOX_PUT), 0);
	moment = (struct fake_clock){ .wall = NOW, .mono = 5000 };
	history = (struct clock_history){ 0 };
	look();
	clock_of_moment = fake_clock_of(&moment);
	assert_int_equal(retention_new(rig_outbox, &clock_of_moment, &history, &retention, &e), 0);
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
		look();
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
	begin(NOW - 91 * DAY);
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
	begin(NOW - DAY);
	tick(1);
	moment.wall += 1000 * DAY;
	tick(80);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 1);
	/* the time that has passed counts, whatever the wall clock shows */
	fake_clock_advance(&moment, 88 * DAY);
	tick(80);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 1);
	fake_clock_advance(&moment, DAY);
	tick_until_gone();
	end();
}

static void
limits_follow_the_settings(void **state)
{
	struct config_retention s = { .delivered_payload = 30, .delivered_rows = 365 };
	struct purge_limits l;
	struct clock_history known = { 0 };

	(void)state;
	age_look(&known, &(struct age_reading){ 1, NOW, 0, CLOCK_UNCONFIRMED });
	retention_limits(&s, &known, &l);
	assert_int_equal(l.payload_before[STATUS_DELIVERED], NOW - 30 * DAY);
	assert_int_equal(l.rows_before[STATUS_DELIVERED], NOW - 365 * DAY);
	assert_int_equal(l.rows_before[STATUS_FAILED], PURGE_NEVER);
	/* a machine without a battery, whose clock is not set yet */
	known.seen_at = 1000;
	retention_limits(&s, &known, &l);
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
