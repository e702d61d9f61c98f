/* admin/read/disk: how fast a disk fills, and when it is full. */
#include "lib/unit.h"

#include "admin/read/disk.h"

#define MINUTE INT64_C(60000)
#define GB INT64_C(1000000000)

static void
growth_needs_five_minutes(void **state)
{
	struct disk_history h = { .n = 0 };
	double per_hour = 7;

	(void)state;
	assert_false(disk_growth(&h, 5 * MINUTE, 10 * GB, &per_hour));
	disk_note(&h, MINUTE, 10 * GB);
	assert_false(disk_growth(&h, 6 * MINUTE - 1, 9 * GB, &per_hour));
	assert_true(per_hour == 7);
	assert_true(disk_growth(&h, 6 * MINUTE, 9 * GB, &per_hour));
	/* 1 GB in 5 minutes. */
	assert_true(per_hour == 12e9);
	assert_true(disk_growth(&h, 6 * MINUTE, 11 * GB, &per_hour));
	assert_true(per_hour == -12e9);
}

static void
a_number_is_kept_for_each_minute(void **state)
{
	struct disk_history h = { .n = 0 };

	(void)state;
	disk_note(&h, 1000, 1);
	disk_note(&h, 1000 + MINUTE - 1, 2);
	assert_int_equal(h.n, 1);
	disk_note(&h, 1000 + MINUTE, 3);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.note[1].free_bytes, 3);
}

/* After 61 numbers the oldest one is an hour old, and leaves. */
static void
growth_is_that_of_the_last_hour(void **state)
{
	struct disk_history h = { .n = 0 };
	double per_hour;

	(void)state;
	for (int64_t i = 0; i <= DISK_MINUTES; i++)
		disk_note(&h, i * MINUTE, 1000 - i);
	assert_true(disk_growth(&h, DISK_MINUTES * MINUTE, 1000 - DISK_MINUTES, &per_hour));
	assert_true(per_hour == 60);
	/* From here on nothing is used: the first minutes, with 1 byte each, leave one by one. */
	for (int64_t i = 1; i <= DISK_MINUTES; i++) {
		int64_t now = (DISK_MINUTES + i) * MINUTE;

		disk_note(&h, now, 1000 - DISK_MINUTES);
		assert_true(disk_growth(&h, now, 1000 - DISK_MINUTES, &per_hour));
		assert_true(per_hour == (double)(DISK_MINUTES - i));
	}
	assert_int_equal(h.n, DISK_MINUTES + 1);
}

static void
hours_are_until_the_minimum(void **state)
{
	(void)state;
	assert_true(disk_hours(10, 4, 3) == 2);
	assert_true(disk_hours(10, 4, 0) < 0);
	assert_true(disk_hours(10, 4, -1) < 0);
	assert_true(disk_hours(5, 4, 1) == 1);
	assert_true(disk_hours(4, 4, 1) == 0);
	assert_true(disk_hours(3, 4, -1) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_needs_five_minutes),
		cmocka_unit_test(a_number_is_kept_for_each_minute),
		cmocka_unit_test(growth_is_that_of_the_last_hour),
		cmocka_unit_test(hours_are_until_the_minimum),
	};

	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
