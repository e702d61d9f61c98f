/* dispatch/link/link: the longest wait counts, and a heartbeat does not wait for the pace. */
#include "dispatch/link/link.h"

#include <stdlib.h>
#include <time.h>

#include "lib/unit.h"

/* 2024-05-06 00:00 UTC. */
#define MIDNIGHT INT64_C(1714953600000)
#define HOUR INT64_C(3600000)

static const struct link_limits all = {
	.requests_per_minute = 60,
	.bytes_per_hour = 3600 * 1000,
	.window = { 8 * 60, 17 * 60 },
};

static void
the_longest_wait_counts(void **state)
{
	struct link l;

	(void)state;
	link_init(&l, &all);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT + 9 * HOUR), 0);
	/* 500 bytes for the request itself: a second of the budget */
	link_sent(&l, 0, 0);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT + 9 * HOUR), 1000);
	link_sent(&l, 0, 4500);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT + 9 * HOUR), 5000);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT + 8 * HOUR - 7000), 7000);
	/* the bytes are paid for, the pace is not */
	link_configure(&l, &(struct link_limits){ .requests_per_minute = 1 });
	link_sent(&l, 0, 4500);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT), 60000);
}

static void
a_heartbeat_heeds_bytes_and_the_day(void **state)
{
	struct link l;

	(void)state;
	link_init(&l, &all);
	link_sent(&l, 0, 0);
	assert_int_equal(link_heartbeat_wait(&l, 0, MIDNIGHT + 9 * HOUR), 500);
	assert_int_equal(link_heartbeat_wait(&l, 0, MIDNIGHT + 8 * HOUR - 7000), 7000);
	link_heartbeat_sent(&l, 600);
	assert_int_equal(link_heartbeat_wait(&l, 600, MIDNIGHT + 9 * HOUR), 500);
	/* the pace still counts from the request */
	assert_int_equal(link_wait(&l, 1100, MIDNIGHT + 9 * HOUR), 0);
}

static void
new_limits_count_from_now_on(void **state)
{
	struct link l;

	(void)state;
	link_init(&l, &(struct link_limits){ 0 });
	assert_false(link_is_paced(&l));
	link_sent(&l, 0, 1000000);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT), 0);
	link_configure(&l, &all);
	assert_true(link_is_paced(&l));
	assert_int_equal(link_wait(&l, 0, MIDNIGHT), WINDOW_WAIT_MAX_MS);
	assert_int_equal(link_wait(&l, 0, MIDNIGHT + 9 * HOUR), 0);
	link_configure(&l, &(struct link_limits){ .requests_per_minute = 1 });
	assert_true(link_is_paced(&l));
	link_configure(&l, &(struct link_limits){ .bytes_per_hour = 1 });
	assert_true(link_is_paced(&l));
	link_configure(&l, &(struct link_limits){ .window = all.window });
	assert_false(link_is_paced(&l));
	assert_int_equal(link_wait(&l, 0, MIDNIGHT), WINDOW_WAIT_MAX_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_wait_counts),
		cmocka_unit_test(a_heartbeat_heeds_bytes_and_the_day),
		cmocka_unit_test(new_limits_count_from_now_on),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
