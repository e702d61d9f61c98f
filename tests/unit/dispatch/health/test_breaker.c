/* dispatch/health/breaker: when a request may be sent to Bento, and with how many events. */
#include "lib/unit.h"

#include "dispatch/health/breaker.h"

#define FIRST 5000
#define MAX 3600000

struct world {
	struct breaker b;
	struct rand chance;
	int64_t now;
};

static struct world
new_world(unsigned full)
{
	struct world w = { .now = 1000 };

	breaker_init(&w.b, FIRST, MAX, full);
	rand_seed(&w.chance, 7);
	return w;
}

static bool
allows(const struct world *w, int64_t now)
{
	return breaker_next(&w->b) <= now;
}

static bool
end_badly(struct world *w, uint64_t epoch, enum verdict_site why, int64_t least)
{
	struct breaker_failure f = { .epoch = epoch, .why = why, .wait_at_least_ms = least };

	return breaker_failed(&w->b, &f, w->now, &w->chance);
}

static void
a_closed_breaker_lets_everything_through(void **state)
{
	struct world w = new_world(100);

	(void)state;
	assert_true(allows(&w, w.now));
	assert_false(breaker_is_probing(&w.b));
	assert_false(breaker_is_careful(&w.b));
	assert_int_equal(breaker_limit(&w.b), 100);
	breaker_sent(&w.b);
	assert_true(allows(&w, w.now));
}

static void
an_open_breaker_lets_one_probe_through_after_the_wait(void **state)
{
	struct world w = new_world(100);

	(void)state;
	assert_true(end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 9000));
	assert_int_equal(w.b.probe_ms, w.now + 9000);
	assert_false(allows(&w, w.now + 8999));
	assert_true(allows(&w, w.now + 9000));
	assert_true(breaker_is_probing(&w.b));
	assert_int_equal(breaker_limit(&w.b), 1);
	breaker_sent(&w.b);
	assert_false(allows(&w, w.now + MAX));
	breaker_lost(&w.b);
	assert_true(allows(&w, w.now + 9000));
}

static void
waits_grow_with_full_jitter_up_to_the_maximum(void **state)
{
	struct world w = new_world(100);
	int64_t ceiling = FIRST, longest = 0;

	(void)state;
	for (unsigned i = 1; i <= 200; i++) {
		end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 0);
		assert_int_equal(w.b.failures, i);
		assert_true(w.b.probe_ms > w.now && w.b.probe_ms <= w.now + ceiling);
		if (w.b.probe_ms - w.now > longest)
			longest = w.b.probe_ms - w.now;
		ceiling = ceiling * 2 > MAX ? MAX : ceiling * 2;
		w.now = w.b.probe_ms;
	}
	assert_true(longest > MAX / 2);
}

static void
a_probe_that_passes_starts_a_ramp(void **state)
{
	static const unsigned steps[] = { 1, 2, 4, 8, 16, 32, 64, 100, 100 };
	struct world w = new_world(100);

	(void)state;
	end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 0);
	w.now = w.b.probe_ms;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_true(breaker_passed(&w.b, breaker_sent(&w.b)));
		assert_int_equal(breaker_limit(&w.b), steps[i]);
		assert_int_equal(breaker_is_careful(&w.b), steps[i] < 100);
		assert_int_equal(w.b.failures, 0);
	}
	end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 0);
	assert_int_equal(breaker_limit(&w.b), 1);
	assert_true(w.b.probe_ms <= w.now + FIRST);
}

static void
a_batch_of_one_needs_no_ramp(void **state)
{
	struct world w = new_world(1);

	(void)state;
	end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 0);
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(breaker_limit(&w.b), 1);
	assert_false(breaker_is_careful(&w.b));
}

static void
old_answers_change_nothing(void **state)
{
	struct world w = new_world(100);
	uint64_t old = breaker_sent(&w.b);

	(void)state;
	end_badly(&w, old, SITE_BACKOFF, 0);
	assert_false(end_badly(&w, old, SITE_BACKOFF, 0));
	assert_int_equal(w.b.failures, 1);
	assert_false(breaker_passed(&w.b, old));
	assert_true(breaker_is_probing(&w.b));
	/* a wait that an answer asks for counts, even if the answer is stale */
	assert_true(end_badly(&w, old, SITE_THROTTLE, 60000));
	assert_int_equal(w.b.probe_ms, w.now + 60000);
	assert_false(end_badly(&w, old, SITE_THROTTLE, 50000));
	assert_int_equal(w.b.probe_ms, w.now + 60000);
}

static void
an_old_rate_limit_closes_a_site_that_is_well_again(void **state)
{
	struct world w = new_world(100);
	uint64_t old = breaker_sent(&w.b), newer;

	(void)state;
	end_badly(&w, old, SITE_BACKOFF, 0);
	breaker_passed(&w.b, breaker_sent(&w.b));
	newer = breaker_sent(&w.b);
	assert_false(end_badly(&w, old, SITE_BACKOFF, 0));
	assert_true(end_badly(&w, old, SITE_THROTTLE, 60000));
	assert_false(allows(&w, w.now));
	/* requests that were sent before the rate limit are stale now */
	assert_false(breaker_passed(&w.b, newer));
	assert_false(allows(&w, w.now));
}

static void
a_pause_lasts_the_longest_interval_and_can_be_ended(void **state)
{
	struct world w = new_world(100);
	struct breaker_failure f = { .why = SITE_PAUSE, .suspected = true };

	(void)state;
	end_badly(&w, breaker_sent(&w.b), SITE_PAUSE, 0);
	assert_int_equal(w.b.probe_ms, w.now + MAX);
	breaker_retry(&w.b, w.now);
	assert_true(allows(&w, w.now));
	/* a batch that failed before: a probe soon shows whether it fails again */
	breaker_passed(&w.b, breaker_sent(&w.b));
	f.epoch = breaker_sent(&w.b);
	breaker_failed(&w.b, &f, w.now, &w.chance);
	assert_true(w.b.probe_ms <= w.now + FIRST);
	f.epoch = breaker_sent(&w.b);
	breaker_failed(&w.b, &f, w.now, &w.chance);
	assert_int_equal(w.b.probe_ms, w.now + MAX);
}

static void
rate_limits_are_counted_and_wait_as_long_as_asked(void **state)
{
	struct world w = new_world(100);

	(void)state;
	for (unsigned i = 1; i < 20; i++) {
		end_badly(&w, breaker_sent(&w.b), SITE_THROTTLE, 60000);
		assert_int_equal(w.b.throttled, i);
		assert_true(w.b.probe_ms >= w.now + 60000 && w.b.probe_ms <= w.now + 66000);
	}
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(w.b.throttled, 0);
}

static void
a_wait_that_is_asked_for_while_a_probe_is_out_counts_after_it(void **state)
{
	struct world w = new_world(100);
	uint64_t old = breaker_sent(&w.b), probe;

	(void)state;
	end_badly(&w, old, SITE_BACKOFF, 0);
	w.now = w.b.probe_ms;
	probe = breaker_sent(&w.b);
	assert_false(end_badly(&w, old, SITE_THROTTLE, 60000));
	assert_true(breaker_passed(&w.b, probe));
	assert_false(allows(&w, w.now + 59999));
	assert_true(allows(&w, w.now + 60000));
	assert_int_equal(breaker_next(&w.b), w.now + 60000);
	breaker_retry(&w.b, w.now);
	assert_true(allows(&w, w.now));
}

/* ---- events that cause failures ------------------------------------------------------------- */

static bool
end_excused(struct world *w, uint64_t epoch, int64_t least)
{
	struct breaker_failure f = {
		.epoch = epoch, .why = SITE_BACKOFF, .wait_at_least_ms = least, .resume = 40
	};

	return breaker_failed(&w->b, &f, w->now, &w->chance);
}

/* The first probes go out earlier than usual, and all others when they would have. */
static void
excused_failures_get_no_more_probes(void **state)
{
	struct world usual = new_world(100), excused = new_world(100);

	(void)state;
	for (int i = 0; i < 30; i++) {
		end_badly(&usual, breaker_sent(&usual.b), SITE_BACKOFF, 0);
		end_excused(&excused, breaker_sent(&excused.b), 0);
		if (i < BREAKER_AT_ONCE)
			assert_int_equal(excused.b.probe_ms, 1000);
		else
			assert_int_equal(excused.b.probe_ms, usual.b.probe_ms);
		usual.now = usual.b.probe_ms;
		excused.now = excused.b.probe_ms;
	}
}

static void
skipped_waits_are_made_up_for_up_to_the_longest_interval(void **state)
{
	struct world w = new_world(100);
	struct breaker_failure f = { .why = SITE_PAUSE, .resume = 1 };

	(void)state;
	for (int i = 0; i <= BREAKER_AT_ONCE; i++) {
		f.epoch = breaker_sent(&w.b);
		breaker_failed(&w.b, &f, w.now, &w.chance);
	}
	assert_int_equal(w.b.probe_ms, w.now + MAX);
	w = new_world(100);
	breaker_configure(&w.b, FIRST, FIRST + 1000, 100);
	for (int i = 0; i <= BREAKER_AT_ONCE; i++)
		end_excused(&w, breaker_sent(&w.b), 0);
	assert_int_equal(w.b.probe_ms, w.now + FIRST + 1000);
	/* a longer wait that was asked for is kept */
	f.epoch = breaker_sent(&w.b);
	f.wait_at_least_ms = 2 * MAX;
	breaker_failed(&w.b, &f, w.now, &w.chance);
	assert_int_equal(w.b.probe_ms, w.now + 2 * MAX);
}

static void
after_an_excused_failure_the_ramp_resumes(void **state)
{
	struct world w = new_world(100);
	struct breaker_failure f = { .why = SITE_BACKOFF, .resume = 7 };

	(void)state;
	/* the first failure says how far, not those of the probes */
	end_excused(&w, breaker_sent(&w.b), 0);
	assert_int_equal(breaker_limit(&w.b), 1);
	f.epoch = breaker_sent(&w.b);
	breaker_failed(&w.b, &f, w.now, &w.chance);
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(breaker_limit(&w.b), 40);
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(breaker_limit(&w.b), 80);
	end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 0);
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(breaker_limit(&w.b), 1);
	/* smaller batches were set meanwhile */
	end_excused(&w, breaker_sent(&w.b), 0);
	breaker_configure(&w.b, FIRST, MAX, 10);
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(breaker_limit(&w.b), 10);
}

static void
skipped_waits_are_forgotten_when_a_probe_passes(void **state)
{
	struct world w = new_world(100);

	(void)state;
	for (int i = 0; i < 100; i++) {
		end_excused(&w, breaker_sent(&w.b), 0);
		breaker_passed(&w.b, breaker_sent(&w.b));
		end_badly(&w, breaker_sent(&w.b), SITE_BACKOFF, 0);
		assert_true(w.b.probe_ms <= w.now + FIRST);
		breaker_passed(&w.b, breaker_sent(&w.b));
	}
}

static void
an_excused_failure_keeps_a_wait_that_is_asked_for(void **state)
{
	struct world w = new_world(100);

	(void)state;
	end_excused(&w, breaker_sent(&w.b), 9000);
	assert_int_equal(w.b.probe_ms, w.now + 9000);
	breaker_passed(&w.b, breaker_sent(&w.b));
	assert_int_equal(breaker_limit(&w.b), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_breaker_lets_everything_through),
		cmocka_unit_test(an_open_breaker_lets_one_probe_through_after_the_wait),
		cmocka_unit_test(waits_grow_with_full_jitter_up_to_the_maximum),
		cmocka_unit_test(a_probe_that_passes_starts_a_ramp),
		cmocka_unit_test(a_batch_of_one_needs_no_ramp),
		cmocka_unit_test(old_answers_change_nothing),
		cmocka_unit_test(an_old_rate_limit_closes_a_site_that_is_well_again),
		cmocka_unit_test(a_pause_lasts_the_longest_interval_and_can_be_ended),
		cmocka_unit_test(rate_limits_are_counted_and_wait_as_long_as_asked),
		cmocka_unit_test(a_wait_that_is_asked_for_while_a_probe_is_out_counts_after_it),
		cmocka_unit_test(excused_failures_get_no_more_probes),
		cmocka_unit_test(skipped_waits_are_made_up_for_up_to_the_longest_interval),
		cmocka_unit_test(after_an_excused_failure_the_ramp_resumes),
		cmocka_unit_test(skipped_waits_are_forgotten_when_a_probe_passes),
		cmocka_unit_test(an_excused_failure_keeps_a_wait_that_is_asked_for),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
