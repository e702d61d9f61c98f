/* Counts of requests: by ten minutes, and for 30 days. */
#include "lib/unit.h"

#include "outbox/write/requests.h"
#include "unit/outbox/outbox_rig.h"

#define PORTION OUTBOX_REQUESTS_PORTION_MS
#define DAY INT64_C(86400000)
#define T0 (400 * DAY)

static void
count_one(int64_t at)
{
	struct outbox_requests r = { .at = at, .n = 1 };

	r.counts[0].outcome = "not_found";
	r.counts[0].requests = 1;
	assert_int_equal(rig_send(&r.msg, OUTBOX_REQUESTS), 0);
}

static void
requests_are_counted_by_ten_minutes(void **state)
{
	(void)state;
	count_one(T0);
	count_one(T0 + PORTION - 1);
	count_one(T0 + PORTION);
	assert_int_equal(rig_number("SELECT count(*) FROM request_count"), 2);
	assert_int_equal(rig_number("SELECT requests FROM request_count ORDER BY portion_at"), 2);
	assert_int_equal(rig_number("SELECT min(portion_at) FROM request_count"), T0);
	assert_int_equal(rig_number("SELECT max(portion_at) FROM request_count"), T0 + PORTION);
}

static void
counts_are_kept_for_30_days(void **state)
{
	(void)state;
	count_one(T0);
	count_one(T0 + 30 * DAY);
	assert_int_equal(rig_number("SELECT min(portion_at) FROM request_count"), T0);
	count_one(T0 + 30 * DAY + 1);
	assert_int_equal(rig_number("SELECT min(portion_at) FROM request_count"), T0 + 30 * DAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    requests_are_counted_by_ten_minutes, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    counts_are_kept_for_30_days, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
