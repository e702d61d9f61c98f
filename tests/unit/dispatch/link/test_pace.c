/* dispatch/link/pace: requests are spaced evenly, from start to start. */
#include "lib/unit.h"

#include "dispatch/link/pace.h"

static void
the_first_request_may_start_at_once(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1);
	assert_int_equal(pace_wait(&p, 0), 0);
	assert_int_equal(pace_wait(&p, -5000), 0);
}

static void
starts_are_spaced(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 60);
	pace_started(&p, 500);
	assert_int_equal(pace_wait(&p, 500), 1000);
	assert_int_equal(pace_wait(&p, 1499), 1);
	assert_int_equal(pace_wait(&p, 1500), 0);
}

static void
idle_time_allows_no_burst(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 60);
	pace_started(&p, 0);
	assert_int_equal(pace_wait(&p, 600000), 0);
	pace_started(&p, 600000);
	assert_int_equal(pace_wait(&p, 600000), 1000);
}

static void
a_minute_never_has_more_than_allowed(void **state)
{
	(void)state;
	for (unsigned per_minute = 1; per_minute < 70000; per_minute += per_minute < 200 ? 1 : 97) {
		struct pace p;
		unsigned starts = 0;

		pace_init(&p, per_minute);
		for (int64_t now = 0; now < 60000; now += p.interval_ms) {
			assert_int_equal(pace_wait(&p, now), 0);
			pace_started(&p, now);
			starts++;
		}
		assert_true(starts <= per_minute);
	}
}

static void
zero_means_no_limit(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0);
	pace_started(&p, 100);
	assert_int_equal(pace_wait(&p, 100), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_request_may_start_at_once),
		cmocka_unit_test(starts_are_spaced),
		cmocka_unit_test(idle_time_allows_no_burst),
		cmocka_unit_test(a_minute_never_has_more_than_allowed),
		cmocka_unit_test(zero_means_no_limit),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
