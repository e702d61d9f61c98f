/*
 * dispatch/health/backoff: exponential waits with full jitter, and the wait that a server asks for.
 */
#include "lib/unit.h"

#include "dispatch/health/backoff.h"
#include "dispatch/transport/retry_after.h"

static void
the_ceiling_doubles_up_to_the_maximum(void **state)
{
	(void)state;
	assert_int_equal(backoff_ceiling(1, 5000, 3600000), 5000);
	assert_int_equal(backoff_ceiling(2, 5000, 3600000), 10000);
	assert_int_equal(backoff_ceiling(10, 5000, 3600000), 2560000);
	assert_int_equal(backoff_ceiling(11, 5000, 3600000), 3600000);
	assert_int_equal(backoff_ceiling(4000000000u, 5000, 3600000), 3600000);
	assert_int_equal(backoff_ceiling(0, 5000, 3600000), 5000);
	assert_int_equal(backoff_ceiling(3, 5000, 4000), 4000);
	assert_int_equal(backoff_ceiling(64, 1, INT64_MAX), INT64_MAX);
	assert_int_equal(backoff_ceiling(5, 0, 0), 1);
}

static void
the_jitter_is_full(void **state)
{
	struct rand chance;
	unsigned quarter[4] = { 0 };

	(void)state;
	rand_seed(&chance, 1);
	for (int i = 0; i < 4000; i++) {
		int64_t wait = backoff_wait(3, 1000, 3600000, &chance);

		assert_true(wait >= 1 && wait <= 4000);
		quarter[(wait - 1) / 1000]++;
	}
	for (int i = 0; i < 4; i++)
		assert_true(quarter[i] > 800 && quarter[i] < 1200);
}

static void
retry_after_in_seconds(void **state)
{
	(void)state;
	assert_int_equal(retry_after_parse("120", NULL, 0), 120000);
	assert_int_equal(retry_after_parse("0", NULL, 0), 0);
	assert_int_equal(
	    retry_after_parse("99999999999999999999999", NULL, 0), INT64_C(31536000000));
}

static void
retry_after_as_a_date_counts_from_the_answers_own_date(void **state)
{
	static const char until[] = "Wed, 21 Oct 2026 07:28:00 GMT";
	static const int64_t until_ms = INT64_C(1792567680000);

	(void)state;
	assert_int_equal(retry_after_parse(until, "Wed, 21 Oct 2026 07:27:30 GMT", 0), 30000);
	assert_int_equal(retry_after_parse(until, "Wed, 21 Oct 2026 07:28:30 GMT", 0), 0);
	assert_int_equal(retry_after_parse(until, NULL, until_ms - 45000), 45000);
	assert_int_equal(retry_after_parse(until, "no date", until_ms - 45000), 45000);
	assert_int_equal(retry_after_parse(until, NULL, INT64_MIN / 2), INT64_C(31536000000));
	/* the two older forms of HTTP dates */
	assert_int_equal(
	    retry_after_parse("Wednesday, 21-Oct-26 07:28:00 GMT", "Wed Oct 21 07:27:00 2026", 0),
	    60000);
}

static void
a_retry_after_that_cannot_be_read_is_ignored(void **state)
{
	static const char *const texts[] = { "", "soon", "-5", "1.5", "5 minutes", "x:y" };

	(void)state;
	assert_int_equal(retry_after_parse(NULL, NULL, 0), -1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(retry_after_parse(texts[i], NULL, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ceiling_doubles_up_to_the_maximum),
		cmocka_unit_test(the_jitter_is_full),
		cmocka_unit_test(retry_after_in_seconds),
		cmocka_unit_test(retry_after_as_a_date_counts_from_the_answers_own_date),
		cmocka_unit_test(a_retry_after_that_cannot_be_read_is_ignored),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
