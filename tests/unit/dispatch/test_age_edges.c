/* dispatch/age: the edges of its rule, and when a history is stored. */
#include "lib/unit.h"

#include "dispatch/age.h"

#define DAY INT64_C(86400000)
#define START (AGE_FLOOR + 300 * DAY)

/* Returns the limit for a day after two readings, of which the second has other clocks. */
static int64_t
limit_after(uint64_t boot, int64_t wall, int64_t mono)
{
	struct clock_history h = { .n_periods = 0 };

	age_look(&h, &(struct age_reading){ 1, START, 10 * DAY, CLOCK_UNCONFIRMED });
	age_look(&h, &(struct age_reading){ boot, wall, mono, CLOCK_UNCONFIRMED });
	return age_limit(&h, DAY);
}

static void
a_jump_is_more_than_a_minute(void **state)
{
	(void)state;
	assert_int_equal(limit_after(1, START + 9 * DAY, 19 * DAY), START + 8 * DAY);
	assert_int_equal(limit_after(1, START + AGE_JUMP_MS, 10 * DAY), START + AGE_JUMP_MS - DAY);
	assert_int_equal(limit_after(1, START + AGE_JUMP_MS + 1, 10 * DAY), START - DAY);
	assert_int_equal(limit_after(1, START - AGE_JUMP_MS, 10 * DAY), START - AGE_JUMP_MS - DAY);
	assert_int_equal(limit_after(1, START - AGE_JUMP_MS - 1, 10 * DAY), START - DAY);
	/* a snapshot of the machine, whose monotonic clock went back, too */
	assert_int_equal(limit_after(1, START + 9 * DAY, 9 * DAY), START - DAY);
}

static void
a_slow_drift_is_not_a_jump(void **state)
{
	struct clock_history h = { .n_periods = 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		age_look(&h, &(struct age_reading){ 1, START + i * (AGE_JUMP_MS + 1000), i * 1000,
				 CLOCK_UNCONFIRMED });
	assert_int_equal(h.n_periods, 1);
}

static void
a_gap_between_boots_counts_up_to_a_day(void **state)
{
	(void)state;
	assert_int_equal(limit_after(2, START + AGE_GAP_MS, 5000), START + AGE_GAP_MS - DAY);
	assert_int_equal(limit_after(2, START + AGE_GAP_MS + 1, 5000), START - DAY);
	assert_int_equal(limit_after(2, START - AGE_JUMP_MS, 5000), START - AGE_JUMP_MS - DAY);
	assert_int_equal(limit_after(2, START - AGE_JUMP_MS - 1, 5000), START - DAY);
}

/* Returns how much of an absence of `gap` counts, `later` ms after the boot. */
static int64_t
counted(int64_t gap, int64_t later)
{
	struct clock_history h = { .n_periods = 0 };
	int64_t wall = START + gap, before = START - DAY;

	age_look(&h, &(struct age_reading){ 1, START, 10 * DAY, CLOCK_UNCONFIRMED });
	age_look(&h, &(struct age_reading){ 2, wall, 0, CLOCK_UNCONFIRMED });
	age_look(&h, &(struct age_reading){ 2, wall + later, later, CLOCK_UNCONFIRMED });
	/* the limit for an age that the event before the gap has reached now */
	for (int64_t age = DAY + later; age <= DAY + later + gap; age += DAY)
		if (age_limit(&h, age) < before)
			return age - DAY - DAY - later;
	return gap;
}

static void
an_absence_counts_after_as_much_again(void **state)
{
	(void)state;
	assert_int_equal(counted(3 * DAY, 3 * DAY - 1), 0);
	assert_int_equal(counted(3 * DAY, 3 * DAY), 3 * DAY);
	assert_int_equal(counted(AGE_ABSENCE_MAX_MS, AGE_ABSENCE_MAX_MS), AGE_ABSENCE_MAX_MS);
	assert_int_equal(counted(AGE_ABSENCE_MAX_MS + 1, 2 * AGE_ABSENCE_MAX_MS), 0);
}

static void
only_what_is_older_than_max_age_is_over(void **state)
{
	struct clock_history h = { .n_periods = 0 };
	int64_t limit;

	(void)state;
	assert_int_equal(age_limit(&h, DAY), AGE_NONE);
	age_look(&h, &(struct age_reading){ 1, START, 5, CLOCK_UNCONFIRMED });
	assert_int_equal(age_limit(&h, 0), AGE_NONE);
	limit = age_limit(&h, DAY);
	assert_true(age_is_over(limit, START - DAY - 1));
	assert_false(age_is_over(limit, START - DAY));
	assert_false(age_is_over(limit, START + DAY));
	/* received while the clock was unset */
	assert_false(age_is_over(limit, 1000));
	assert_false(age_is_over(AGE_NONE, START - 1000 * DAY));
}

static void
a_clock_that_is_unset_makes_nothing_old(void **state)
{
	struct clock_history h = { .n_periods = 0 };

	(void)state;
	age_look(&h, &(struct age_reading){ 1, AGE_FLOOR - 1, 5, CLOCK_UNCONFIRMED });
	assert_int_equal(age_limit(&h, DAY), AGE_NONE);
	age_look(&h, &(struct age_reading){ 1, AGE_FLOOR, 6, CLOCK_UNCONFIRMED });
	assert_int_equal(age_limit(&h, DAY), AGE_FLOOR - DAY);
}

static void
a_history_is_stored_when_it_changed_or_is_an_hour_old(void **state)
{
	struct clock_history h = { .n_periods = 0 }, stored;

	(void)state;
	stored = h;
	age_look(&h, &(struct age_reading){ 1, START, 5, CLOCK_UNCONFIRMED });
	assert_true(age_is_unsaved(&h, &stored));
	stored = h;
	assert_false(age_is_unsaved(&h, &stored));
	age_look(&h, &(struct age_reading){
			 1, START + AGE_STORE_MS - 1, 4 + AGE_STORE_MS, CLOCK_UNCONFIRMED });
	assert_false(age_is_unsaved(&h, &stored));
	age_look(&h,
	    &(struct age_reading){ 1, START + AGE_STORE_MS, 5 + AGE_STORE_MS, CLOCK_UNCONFIRMED });
	assert_true(age_is_unsaved(&h, &stored));
	stored = h;
	age_look(&h,
	    &(struct age_reading){ 1, START + AGE_STORE_MS, 5 + AGE_STORE_MS, CLOCK_CONFIRMED });
	assert_true(age_is_unsaved(&h, &stored));
	stored = h;
	age_look(&h, &(struct age_reading){ 1, START + DAY, 5 + AGE_STORE_MS, CLOCK_UNCONFIRMED });
	stored.seen_at = h.seen_at;
	assert_true(age_is_unsaved(&h, &stored));
	stored = h;
	h.seen_at--;
	assert_true(age_is_unsaved(&h, &stored));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jump_is_more_than_a_minute),
		cmocka_unit_test(a_slow_drift_is_not_a_jump),
		cmocka_unit_test(a_gap_between_boots_counts_up_to_a_day),
		cmocka_unit_test(an_absence_counts_after_as_much_again),
		cmocka_unit_test(only_what_is_older_than_max_age_is_over),
		cmocka_unit_test(a_clock_that_is_unset_makes_nothing_old),
		cmocka_unit_test(a_history_is_stored_when_it_changed_or_is_an_hour_old),
	};

	return cmocka_run_group_tests_name("age_edges", tests, NULL, NULL);
}
