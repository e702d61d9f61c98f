/* cli/doctor: what is judged from numbers alone, below, at and above the edges. */
#include "lib/unit.h"

#include <sys/timex.h>

#include "cli/doctor.h"

static void
sqlite_is_judged_by_its_version(void **state)
{
	static const struct {
		const char *version;
		bool defect;
	} rows[] = {
		{ "3.40.1", true },
		{ "3.44.5", true },
		{ "3.44.6", false },
		{ "3.45.0", true },
		{ "3.50.6", true },
		{ "3.50.7", false },
		{ "3.51.2", true },
		{ "3.51.3", false },
		{ "3.52", false },
		{ "4.0.0", false },
		{ "unknown", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((doctor_sqlite_defect(rows[i].version) != NULL) != rows[i].defect)
			fail_msg("%s", rows[i].version);
}

static void
no_disk_syncs_in_no_time(void **state)
{
	(void)state;
	assert_false(doctor_sync_is_plausible(0));
	assert_false(doctor_sync_is_plausible(29));
	assert_true(doctor_sync_is_plausible(30));
	assert_true(doctor_sync_is_plausible(20000));
}

static void
a_clock_nobody_tells_of_is_not_kept(void **state)
{
	(void)state;
	assert_true(doctor_clock_is_kept(TIME_OK, 0));
	assert_true(doctor_clock_is_kept(TIME_INS, STA_PLL));
	assert_false(doctor_clock_is_kept(TIME_ERROR, 0));
	assert_false(doctor_clock_is_kept(TIME_OK, STA_UNSYNC));
	assert_false(doctor_clock_is_kept(-1, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqlite_is_judged_by_its_version),
		cmocka_unit_test(a_clock_nobody_tells_of_is_not_kept),
		cmocka_unit_test(no_disk_syncs_in_no_time),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
