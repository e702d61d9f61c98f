/* The byte budget and the window of the day. */
#include "dispatch/outgoing/budget.h"

#include <stdlib.h>
#include <time.h>

#include "lib/unit.h"

#define HOUR INT64_C(3600000)
#define MINUTE INT64_C(60000)

static void
a_request_is_paid_for_before_the_next_one(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 3600 * 1000);
	assert_int_equal(budget_wait(&b, 0), 0);
	budget_spend(&b, 100, 1500);
	assert_int_equal(budget_wait(&b, 100), 2000);
	assert_int_equal(budget_wait(&b, 2099), 1);
	assert_int_equal(budget_wait(&b, 2100), 0);
	/* a pause saves nothing up */
	budget_spend(&b, HOUR, 500);
	assert_int_equal(budget_wait(&b, HOUR), 1000);
}

static void
an_hour_never_has_more_bytes_than_allowed(void **state)
{
	(void)state;
	for (int64_t limit = 10000; limit < 3000000; limit += limit / 3) {
		struct budget b;
		int64_t spent = 0;

		budget_init(&b, limit);
		for (int64_t now = 0; now < HOUR; now += budget_wait(&b, now)) {
			budget_spend(&b, now, 137);
			spent += 137 + BUDGET_REQUEST;
		}
		/* the last request may have begun in the hour's last moment */
		assert_true(spent - 137 - BUDGET_REQUEST < limit);
	}
}

static void
no_limit_is_no_wait(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 0);
	budget_spend(&b, 7, INT64_C(1) << 40);
	assert_int_equal(budget_wait(&b, 7), 0);
	budget_configure(&b, 1000000);
	assert_int_equal(budget_wait(&b, 7), 0);
	budget_spend(&b, 7, 500);
	assert_int_equal(budget_wait(&b, 7), 3600);
}

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
		cmocka_unit_test(a_request_is_paid_for_before_the_next_one),
		cmocka_unit_test(an_hour_never_has_more_bytes_than_allowed),
		cmocka_unit_test(no_limit_is_no_wait),
		cmocka_unit_test(a_window_opens_and_closes_at_its_minutes),
		cmocka_unit_test(a_window_is_in_local_time),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
