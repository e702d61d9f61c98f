/* dispatch/link/window: a part of the day, in local time. */
#include "dispatch/link/window.h"

#include <stdlib.h>
#include <time.h>

#include "lib/unit.h"

#define HOUR INT64_C(3600000)
#define MINUTE INT64_C(60000)

/* A wall clock of 2024-05-06, a Monday, at this time in UTC. */
static int64_t
at(int hour, int minute, int ms)
{
	return INT64_C(1714953600000) + hour * HOUR + minute * MINUTE + ms;
}

static void
a_window_opens_and_closes_at_its_minutes(void **state)
{
	const struct window day = { 8 * 60, 17 * 60 + 30 }, night = { 22 * 60, 6 * 60 };
	const struct window evening = { 18 * 60, 0 }, always = { 0, 0 };

	(void)state;
	assert_int_equal(window_wait(&day, at(7, 59, 59999)), 1);
	assert_int_equal(window_wait(&day, at(8, 0, 0)), 0);
	assert_int_equal(window_wait(&day, at(17, 29, 59999)), 0);
	assert_int_equal(window_wait(&day, at(17, 30, 0)), WINDOW_WAIT_MAX_MS);
	assert_int_equal(window_wait(&night, at(21, 59, 30000)), 30000);
	assert_int_equal(window_wait(&night, at(22, 0, 0)), 0);
	assert_int_equal(window_wait(&night, at(0, 0, 0)), 0);
	assert_int_equal(window_wait(&night, at(5, 59, 59999)), 0);
	assert_int_equal(window_wait(&night, at(6, 0, 0)), WINDOW_WAIT_MAX_MS);
	assert_int_equal(window_wait(&evening, at(23, 59, 0)), 0);
	assert_int_equal(window_wait(&evening, at(0, 0, 0)), WINDOW_WAIT_MAX_MS);
	assert_int_equal(window_wait(&always, at(3, 0, 0)), 0);
}

static void
a_window_is_in_local_time(void **state)
{
	const struct window day = { 8 * 60, 17 * 60 };

	(void)state;
	setenv("TZ", "LOC-2", 1);
	tzset();
	assert_int_equal(window_wait(&day, at(5, 59, 59000)), 1000);
	assert_int_equal(window_wait(&day, at(6, 0, 0)), 0);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(window_wait(&day, at(6, 0, 0)), WINDOW_WAIT_MAX_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_opens_and_closes_at_its_minutes),
		cmocka_unit_test(a_window_is_in_local_time),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
