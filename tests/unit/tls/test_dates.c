/* tls/dates: the edges of a certificate's time. */
#include "lib/unit.h"

#include "tls/dates.h"

#define EPOCH "1970-01-01T00:00:"

static char text[TLS_DATES_TEXT];

static bool
is_wrong(const struct tls_certificate *t, int64_t now, int64_t soon_ms)
{
	text[0] = '\0';
	return tls_dates_describe(t, now, soon_ms, text);
}

static void
a_certificate_is_valid_between_its_dates(void **state)
{
	const struct tls_certificate t = { .not_before = 1000, .not_after = 2000 };

	(void)state;
	assert_true(is_wrong(&t, 999, 0));
	assert_string_equal(
	    text, "begins only " EPOCH "01.000Z: set the clock of this machine, or wait");
	assert_false(is_wrong(&t, 1000, 0));
	assert_false(is_wrong(&t, 1999, 0));
	assert_true(is_wrong(&t, 2000, 0));
	assert_string_equal(text, "ended " EPOCH "02.000Z: renew it; clients refuse it");
}

static void
its_end_is_told_in_time(void **state)
{
	const struct tls_certificate t = { .not_before = 0, .not_after = 50000 };

	(void)state;
	assert_false(is_wrong(&t, 46999, 3000));
	assert_true(is_wrong(&t, 47000, 3000));
	assert_string_equal(text, "ends " EPOCH "50.000Z: renew it");
	/* but not before a fifth of its time is left */
	assert_false(is_wrong(&t, 39999, 30000));
	assert_true(is_wrong(&t, 40000, 30000));
	assert_true(is_wrong(&t, 40000, 10000));
	assert_false(is_wrong(&t, 49999, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_valid_between_its_dates),
		cmocka_unit_test(its_end_is_told_in_time),
	};

	return cmocka_run_group_tests_name("tls/dates", tests, NULL, NULL);
}
