/* cli/doctor: what it says about versions and numbers below, at and above each limit. */
#include "lib/unit.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/timex.h>

#include "cli/doctor/doctor.h"
#include "dispatch/transport/inquiry.h"
#include "outbox/read/audit.h"

static int threads = 1;
static const char *omitted = "";

/* Replaces SQLite's function of this name, so that a test can take a build option away. */
int
sqlite3_threadsafe(void)
{
	return threads;
}

int
sqlite3_compileoption_used(const char *name)
{
	return strcmp(name, omitted) == 0;
}

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
sqlite_is_judged_by_how_it_was_built(void **state)
{
	static const char *const needed[] = { "OMIT_WAL", "OMIT_JSON", "OMIT_AUTHORIZATION",
		"OMIT_PROGRESS_CALLBACK" };

	(void)state;
	assert_null(outbox_audit_lack());
	threads = 0;
	assert_string_equal(outbox_audit_lack(), "threads");
	threads = 1;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		omitted = needed[i];
		assert_non_null(outbox_audit_lack());
	}
	omitted = "OMIT_DEPRECATED";
	assert_null(outbox_audit_lack());
}

static void
curl_is_judged_by_its_version(void **state)
{
	static const struct {
		const char *version, *has, *has_not;
	} rows[] = {
		{ "7.68.0", "", "CVE" },
		{ "7.69.0", "2023-38545", "2023-38039" },
		{ "7.83.1", "2023-38545", "2023-38039" },
		{ "7.84.0", "2023-38039", "2025-0665" },
		{ "7.88.1", "), CVE-2023-38545", "2025-0665" },
		{ "8.2.1", "2023-38039", "2025-0665" },
		{ "8.3.0", "2023-38545", "2023-38039" },
		{ "8.4.0", "", "CVE" },
		{ "8.11.0", "", "CVE" },
		{ "8.11.1", "2025-0665", "2023" },
		{ "8.12.0-DEV", "", "CVE" },
		{ "unknown", "", "CVE" },
	};
	char text[DOCTOR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		doctor_curl_defects(rows[i].version, text);
		if (strstr(text, rows[i].has) == NULL || strstr(text, rows[i].has_not) != NULL)
			fail_msg("%s: %s", rows[i].version, text);
	}
}

static void
a_url_leads_to_a_place(void **state)
{
	static const struct {
		const char *url, *host;
		int port;
		bool tls;
	} rows[] = {
		{ "https://app.bentonow.com/api/v1", "app.bentonow.com", 443, true },
		{ "http://127.0.0.1:81/api/v1", "127.0.0.1", 81, false },
		{ "https://[::1]:8443/", "::1", 8443, true },
	};
	struct inquiry_place place;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(inquiry_find_place(rows[i].url, &place, &e), 0);
		assert_string_equal(place.host, rows[i].host);
		assert_int_equal(place.port, rows[i].port);
		assert_int_equal(place.tls, rows[i].tls);
	}
	assert_int_equal(inquiry_find_place("no url", &place, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
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
		cmocka_unit_test(sqlite_is_judged_by_how_it_was_built),
		cmocka_unit_test(curl_is_judged_by_its_version),
		cmocka_unit_test(a_url_leads_to_a_place),
		cmocka_unit_test(a_clock_nobody_tells_of_is_not_kept),
		cmocka_unit_test(no_disk_syncs_in_no_time),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
