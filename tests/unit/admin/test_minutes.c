/* admin/minutes: sums of minutes, what is unknown, the edge of the day, long gaps. */
#include "lib/unit.h"

#include "admin/minutes.h"

#define MINUTE 60000
#define START (INT64_C(7) * MINUTE + 30000)

static struct minutes m;

static int
begin(void **state)
{
	(void)state;
	minutes_begin(&m, START, (struct minutes_totals){ 100, 90 });
	return 0;
}

static void
sample(int64_t now, uint64_t received, uint64_t delivered)
{
	minutes_sample(&m, now, (struct minutes_totals){ received, delivered });
}

static void
expect(int ago, int n, int64_t received, int64_t delivered)
{
	struct minutes_sum sum = minutes_sum(&m, ago, n);

	assert_int_equal(sum.received, received);
	assert_int_equal(sum.delivered, delivered);
}

static void
what_came_before_the_start_is_left_out(void **state)
{
	(void)state;
	expect(0, 1, 0, 0);
	sample(START + 1, 103, 91);
	expect(0, 1, 3, 1);
}

static void
samples_of_one_minute_add_up(void **state)
{
	(void)state;
	sample(START + 1, 101, 90);
	sample(START + 29999, 104, 92);
	expect(0, 1, 4, 2);
	sample(START + 30000, 105, 92);
	expect(0, 1, 1, 0);
	expect(1, 1, 4, 2);
	expect(0, 2, 5, 2);
}

static void
minutes_before_the_start_are_unknown(void **state)
{
	(void)state;
	expect(1, 1, MINUTES_UNKNOWN, MINUTES_UNKNOWN);
	sample(START + MINUTE, 108, 95);
	expect(1, 1, 0, 0);
	expect(2, 1, MINUTES_UNKNOWN, MINUTES_UNKNOWN);
	expect(0, 60, 8, 5);
}

static void
minutes_without_a_sample_had_no_event(void **state)
{
	(void)state;
	sample(START + 1, 101, 91);
	sample(START + 5 * MINUTE, 102, 91);
	for (int ago = 1; ago < 5; ago++)
		expect(ago, 1, 0, 0);
	expect(5, 1, 1, 1);
	expect(0, 1, 1, 0);
}

static void
a_day_is_kept_and_no_minute_more(void **state)
{
	(void)state;
	sample(START + 1, 101, 91);
	sample(START + (MINUTES_KEPT - 1) * (int64_t)MINUTE, 101, 91);
	expect(MINUTES_KEPT - 1, 1, 1, 1);
	expect(0, MINUTES_KEPT, 1, 1);
	sample(START + MINUTES_KEPT * (int64_t)MINUTE, 101, 91);
	expect(0, MINUTES_KEPT, 0, 0);
	expect(MINUTES_KEPT, 1, MINUTES_UNKNOWN, MINUTES_UNKNOWN);
}

static void
a_gap_longer_than_a_day_forgets_all(void **state)
{
	(void)state;
	sample(START + 1, 150, 140);
	sample(START + INT64_C(1000000) * MINUTE, 151, 140);
	expect(0, MINUTES_KEPT, 1, 0);
	expect(0, 1, 1, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_came_before_the_start_is_left_out, begin),
		cmocka_unit_test_setup(samples_of_one_minute_add_up, begin),
		cmocka_unit_test_setup(minutes_before_the_start_are_unknown, begin),
		cmocka_unit_test_setup(minutes_without_a_sample_had_no_event, begin),
		cmocka_unit_test_setup(a_day_is_kept_and_no_minute_more, begin),
		cmocka_unit_test_setup(a_gap_longer_than_a_day_forgets_all, begin),
	};

	return cmocka_run_group_tests_name("admin minutes", tests, NULL, NULL);
}
