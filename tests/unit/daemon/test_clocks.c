/*
 * daemon/clocks and jobs/corrections: which clock is trusted, the estimate used instead, and the
 * correction of events once the clock is set, even after restarts and boots.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <time.h>

#include "daemon/clocks.h"
#include "lib/fake_clock.h"
#include "outbox/read/audit.h"
#include "outbox/read/reader.h"
#include "outbox/write/unresolved.h"
#include "unit/outbox/outbox_rig.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define TRUTH INT64_C(1790000000000) /* 2026-09 */

static struct fake_clock moment; /* what the machine's clock shows */
static struct clock system_clock;
static struct clocks *clocks;

static void
begin(uint64_t boot)
{
	struct err e;

	system_clock = fake_clock_of(&moment);
	assert_int_equal(clocks_new(&system_clock, boot, &clocks, &e), 0);
	assert_int_equal(clocks_recall(clocks, rig_outbox, &e), 0);
	clocks_tick(clocks);
}

static void
end(void)
{
	rig_close();
	clocks_free(clocks);
	rig_open();
}

static void
pass(int64_t ms)
{
	fake_clock_advance(&moment, ms);
	clocks_tick(clocks);
}

/* Lets the writer finish. */
static void
pass_until_set(void)
{
	for (int i = 0; i < 2000 && clocks_are_unset(clocks); i++) {
		pass(1000);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_false(clocks_are_unset(clocks));
	pass(1000);
}

static int64_t
shown(void)
{
	return clock_wall(clocks_clock(clocks));
}

/* Stores an event that arrives now and happened `ago` ms before. */
static int64_t
put(const char *message_id, int64_t ago, enum segment_provisional provisional)
{
	struct segment_event event = rig_track(message_id);
	struct outbox_put p = {
		.site_id = rig_site, .received_at = shown(), .events = &event, .n_events = 1
	};

	event.occurred_at = shown() - ago;
	event.provisional = provisional;
	assert_int_equal(rig_send(&p.msg, OUTBOX_PUT), 0);
	return p.first_event_id;
}

static int64_t
number(const char *what, int64_t id)
{
	char sql[200];

	snprintf(
	    sql, sizeof(sql), "SELECT %s FROM state WHERE event_id = %lld", what, (long long)id);
	return rig_number(sql);
}

static void
expect_times(int64_t id, int64_t received_at, int64_t occurred_at)
{
	assert_int_equal(number("received_at", id), received_at);
	assert_int_equal(number("occurred_at", id), occurred_at);
}

/* ---- belief --------------------------------------------------------------------------------- */

static void
a_clock_that_is_set_is_passed_on(void **state)
{
	(void)state;
	moment = (struct fake_clock){ .wall = CLOCK_FLOOR, .mono = 5 * HOUR };
	begin(1);
	assert_false(clocks_are_unset(clocks));
	assert_false(clock_is_unset(clocks_clock(clocks)));
	assert_int_equal(shown(), CLOCK_FLOOR);
	moment.wall += 90 * HOUR;
	assert_int_equal(shown(), moment.wall);
	assert_int_equal(clock_mono(clocks_clock(clocks)), moment.mono);
	end();
}

static void
one_before_2026_is_replaced_by_the_time_since_the_boot(void **state)
{
	(void)state;
	moment = (struct fake_clock){ .wall = CLOCK_FLOOR - 1, .mono = 5 * HOUR };
	begin(1);
	assert_true(clocks_are_unset(clocks));
	assert_true(clock_is_unset(clocks_clock(clocks)));
	assert_int_equal(shown(), CLOCK_FLOOR + 5 * HOUR);
	moment.wall = 0; /* whatever the clock shows */
	pass(HOUR);
	assert_int_equal(shown(), CLOCK_FLOOR + 6 * HOUR);
	moment.wall = CLOCK_FLOOR;
	clocks_tick(clocks);
	assert_int_equal(shown(), CLOCK_FLOOR);
	pass_until_set();
	end();
}

static void
one_that_falls_is_replaced_at_once(void **state)
{
	int64_t id;

	(void)state;
	moment = (struct fake_clock){ .wall = TRUTH, .mono = HOUR };
	begin(1);
	fake_clock_advance(&moment, 500);
	moment.wall = 300;
	assert_true(clock_is_unset(clocks_clock(clocks))); /* even before the next tick */
	assert_int_equal(shown(), TRUTH + 500);
	pass(500);
	assert_true(clocks_are_unset(clocks));
	id = put("m", 0, SEGMENT_BOTH_PROVISIONAL);
	pass(1000);
	moment.wall = TRUTH + 2000;
	pass_until_set();
	expect_times(id, TRUTH + 1000, TRUTH + 1000);
	end();
}

static void
one_behind_the_last_boot_is_doubted_for_an_hour(void **state)
{
	(void)state;
	moment = (struct fake_clock){ .wall = TRUTH, .mono = HOUR };
	begin(1);
	end();
	moment = (struct fake_clock){ .wall = TRUTH - AGE_JUMP_MS, .mono = 1000 };
	begin(2);
	assert_false(clocks_are_unset(clocks));
	end();
	moment = (struct fake_clock){ .wall = TRUTH - 2 * HOUR, .mono = 1000 };
	begin(3);
	assert_true(clocks_are_unset(clocks));
	assert_true(shown() > TRUTH - AGE_JUMP_MS);
	for (int i = 0; i < 60; i++) {
		assert_true(clock_is_unset(clocks_clock(clocks)));
		pass(60000);
	}
	assert_int_equal(shown(), TRUTH - HOUR);
	pass_until_set();
	end();
}

static void
one_behind_the_newest_event_is_doubted_too(void **state)
{
	(void)state;
	moment = (struct fake_clock){ .wall = TRUTH, .mono = HOUR };
	begin(1);
	fake_clock_advance(&moment, HOUR / 2);
	put("m", 0, SEGMENT_TIMES_FINAL); /* the clock was last stored half an hour before */
	end();
	moment = (struct fake_clock){ .wall = TRUTH + HOUR / 2 - AGE_JUMP_MS, .mono = 1000 };
	begin(2);
	assert_false(clocks_are_unset(clocks));
	end();
	moment = (struct fake_clock){ .wall = TRUTH + HOUR / 2 - 2 * AGE_JUMP_MS, .mono = 1000 };
	begin(3);
	assert_true(clocks_are_unset(clocks));
	assert_int_equal(shown(), TRUTH + HOUR / 2 + 1000);
	end();
}

/* ---- trust ---------------------------------------------------------------------------------- */

static enum clock_trust ntp;

static enum clock_trust
say_ntp(void *arg)
{
	(void)arg;
	return ntp;
}

/* Lets the writer store what is to be stored. */
static void
pass_until_stored(void)
{
	struct clock_note note = { .unset_boot = 0 };
	struct outbox_audit *audit;
	struct err e;

	for (int i = 0; i < 2000; i++) {
		pass(1000);
		assert_int_equal(outbox_audit_open(rig_dir.file, &audit, &e), 0);
		assert_int_equal(outbox_audit_clocks(audit, &note, &e), 0);
		outbox_audit_close(audit);
		if (!age_is_unsaved(clocks_history(clocks), &note.history))
			return;
	}
	fail_msg("the clocks are not stored");
}

static void
the_outbox_remembers_the_history(void **state)
{
	struct clock_history before;

	(void)state;
	moment = (struct fake_clock){ .wall = TRUTH, .mono = HOUR };
	begin(1);
	system_clock.trust = say_ntp;
	ntp = CLOCK_CONFIRMED;
	pass_until_stored();
	ntp = CLOCK_UNCONFIRMED;
	moment.wall += 100 * DAY;
	pass_until_stored();
	before = *clocks_history(clocks);
	assert_int_equal(before.n_periods, 3); /* the last hour before the jump is one */
	assert_true(before.confirmed > 0);
	end();
	begin(1);
	assert_false(age_is_unsaved(clocks_history(clocks), &before));
	assert_int_equal(clocks_history(clocks)->confirmed, before.confirmed);
	assert_int_equal(clocks_history(clocks)->confirmed_wall, before.confirmed_wall);
	/* a jump while no process runs is noticed */
	end();
	moment.wall -= DAY;
	begin(1);
	assert_int_equal(clocks_history(clocks)->n_periods, 4);
	end();
}

static void
an_answer_from_bento_says_more_than_ntp(void **state)
{
	(void)state;
	moment = (struct fake_clock){ .wall = TRUTH, .mono = HOUR };
	begin(1);
	system_clock.trust = say_ntp;
	ntp = CLOCK_UNCONFIRMED;
	pass(1000);
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_UNCONFIRMED);
	clocks_compare(clocks, 0);
	pass(AGE_STALE_MS);
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_CONFIRMED);
	pass(1);
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_UNCONFIRMED);
	ntp = CLOCK_CONFIRMED;
	clocks_compare(clocks, 5 * HOUR);
	pass(1);
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_REFUTED);
	/* a jump ends what was said before it */
	moment.wall += HOUR;
	pass(1);
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_CONFIRMED);
	/* a clock that is not set is never confirmed */
	moment.wall = 300;
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_UNCONFIRMED);
	pass(1);
	assert_int_equal(clock_trust(clocks_clock(clocks)), CLOCK_UNCONFIRMED);
	end();
}

/* ---- correction ----------------------------------------------------------------------------- */

static void
times_are_corrected_once_it_is_set(void **state)
{
	int64_t id[5], relative, word, late;

	(void)state;
	moment = (struct fake_clock){ .wall = 0, .mono = HOUR };
	begin(1);
	relative = id[0] = put("relative", 5000, SEGMENT_BOTH_PROVISIONAL);
	word = id[1] = put("word", shown() - (TRUTH - 7000), SEGMENT_RECEIPT_PROVISIONAL);
	late = id[2] =
	    put("late", shown() - (TRUTH + SEGMENT_FUTURE_MAX_MS + 1), SEGMENT_RECEIPT_PROVISIONAL);
	id[3] =
	    put("limit", shown() - (TRUTH + SEGMENT_FUTURE_MAX_MS), SEGMENT_RECEIPT_PROVISIONAL);
	id[4] = put("known", 0, SEGMENT_TIMES_FINAL);
	assert_int_equal(number("reason = 'clock_not_set'", relative), 1);
	assert_int_equal(number("reason IS NULL", id[4]), 1);
	pass(10000);
	moment.wall = TRUTH + 10000;
	pass_until_set();
	expect_times(relative, TRUTH, TRUTH - 5000);
	expect_times(word, TRUTH, TRUTH - 7000);
	expect_times(late, TRUTH, TRUTH);
	expect_times(id[3], TRUTH, TRUTH + SEGMENT_FUTURE_MAX_MS);
	expect_times(id[4], CLOCK_FLOOR + HOUR, CLOCK_FLOOR + HOUR);
	assert_int_equal(number("reason IS NULL AND next_attempt_at = 0", relative), 1);
	assert_int_equal(number("detail LIKE '%clock%'", relative), 1);
	assert_int_equal(number("detail IS NULL", id[4]), 1);
	end();
}

static void
other_times_of_an_event_go_with_it(void **state)
{
	struct segment_event events[2] = { rig_track("settled"), rig_track("waits") };
	struct outbox_unresolved w = { .n_sites = 1 };
	struct identity_site site = { .site_id = rig_site, .max_ids = 10, .waits = true };
	struct outbox_put p = { .site_id = rig_site, .events = events, .n_events = 2 };

	(void)state;
	w.sites = &site;
	assert_int_equal(rig_send(&w.msg, OUTBOX_UNRESOLVED), 0);
	moment = (struct fake_clock){ .wall = 0, .mono = HOUR };
	begin(1);
	p.received_at = shown();
	events[0].provisional = events[1].provisional = SEGMENT_BOTH_PROVISIONAL;
	events[0].status = events[1].status = STATUS_INVALID;
	events[0].reason = "event_not_defined";
	events[1].reason = segment_no_email;
	events[1].email = SLICE_NONE;
	events[1].user_id = SLICE("u");
	assert_int_equal(rig_send(&p.msg, OUTBOX_PUT), 0);
	moment.wall = TRUTH;
	pass_until_set();
	assert_int_equal(number("settled_at", p.first_event_id), TRUTH);
	assert_int_equal(number("reason = 'event_not_defined'", p.first_event_id), 1);
	assert_int_equal(number("awaiting_since", p.first_event_id + 1), TRUTH);
	assert_int_equal(number("reason = 'awaiting_identity'", p.first_event_id + 1), 1);
	end();
}

static void
a_backlog_is_corrected_in_steps(void **state)
{
	(void)state;
	moment = (struct fake_clock){ .wall = 0, .mono = HOUR };
	begin(1);
	for (int i = 0; i < 3; i++) {
		struct segment_event events[400];
		char ids[400][16];
		struct outbox_put p = { .site_id = rig_site,
			.received_at = shown(),
			.events = events,
			.n_events = 400 };

		for (int k = 0; k < 400; k++) {
			snprintf(ids[k], sizeof(ids[k]), "m%d-%d", i, k);
			events[k] = rig_track(ids[k]);
			events[k].provisional = SEGMENT_BOTH_PROVISIONAL;
		}
		assert_int_equal(rig_send(&p.msg, OUTBOX_PUT), 0);
	}
	moment.wall = TRUTH;
	pass_until_set();
	assert_int_equal(rig_number("SELECT count(*) FROM event WHERE received_at = 1790000000000 "
				    "AND provisional IS NULL"),
	    1200);
	end();
}

static void
a_restart_in_the_same_boot_loses_no_time(void **state)
{
	int64_t first, second;

	(void)state;
	moment = (struct fake_clock){ .wall = 0, .mono = HOUR };
	begin(1);
	first = put("first", 0, SEGMENT_BOTH_PROVISIONAL);
	end();
	fake_clock_advance(&moment, 600000);
	begin(1);
	second = put("second", 0, SEGMENT_BOTH_PROVISIONAL);
	end();
	fake_clock_advance(&moment, 600000);
	moment.wall = TRUTH + 1200000; /* set while no process ran */
	begin(1);
	pass_until_set();
	expect_times(first, TRUTH, TRUTH);
	expect_times(second, TRUTH + 600000, TRUTH + 600000);
	end();
}

static void
after_another_boot_the_gap_counts_as_nothing(void **state)
{
	int64_t first, second;

	(void)state;
	moment = (struct fake_clock){ .wall = 0, .mono = HOUR };
	begin(1);
	first = put("first", 0, SEGMENT_BOTH_PROVISIONAL);
	pass(5000);
	second = put("second", 0, SEGMENT_BOTH_PROVISIONAL);
	end();
	moment =
	    (struct fake_clock){ .wall = TRUTH, .mono = 30000 }; /* half a minute after the boot */
	begin(2);
	pass_until_set();
	expect_times(second, TRUTH - 30000, TRUTH - 30000);
	expect_times(first, TRUTH - 35000, TRUTH - 35000);
	end();
}

static void
what_is_not_corrected_is_not_read_for_sending(void **state)
{
	struct outbox_reader *reader;
	struct outbox_event event;
	struct err e;
	int64_t id;

	(void)state;
	moment = (struct fake_clock){ .wall = 0, .mono = HOUR };
	begin(1);
	id = put("m", 0, SEGMENT_BOTH_PROVISIONAL);
	assert_int_equal(outbox_reader_open(rig_dir.file, &reader, &e), 0);
	assert_int_equal(outbox_event_load(reader, id, &event, &e), 0);
	moment.wall = TRUTH;
	pass_until_set();
	assert_int_equal(outbox_event_load(reader, id, &event, &e), 1);
	assert_int_equal(event.occurred_at, TRUTH);
	outbox_reader_close(reader);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_clock_that_is_set_is_passed_on, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    one_before_2026_is_replaced_by_the_time_since_the_boot, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    one_that_falls_is_replaced_at_once, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    one_behind_the_last_boot_is_doubted_for_an_hour, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    the_outbox_remembers_the_history, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_answer_from_bento_says_more_than_ntp, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    one_behind_the_newest_event_is_doubted_too, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    times_are_corrected_once_it_is_set, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    other_times_of_an_event_go_with_it, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_backlog_is_corrected_in_steps, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_restart_in_the_same_boot_loses_no_time, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    after_another_boot_the_gap_counts_as_nothing, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_not_corrected_is_not_read_for_sending, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
