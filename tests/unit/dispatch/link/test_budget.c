/* dispatch/link/budget: bytes are spent evenly. */
#include "dispatch/link/budget.h"

#include "lib/unit.h"

#define HOUR INT64_C(3600000)

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_paid_for_before_the_next_one),
		cmocka_unit_test(an_hour_never_has_more_bytes_than_allowed),
		cmocka_unit_test(no_limit_is_no_wait),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
