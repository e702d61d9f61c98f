/* ingest/box_report: what boxes say about themselves, also with a wrong clock, or without sense. */
#include "lib/unit.h"

#include <stdio.h>

#include "ingest/box_report.h"

#define NOW INT64_C(1800000000000)
#define YEAR INT64_C(31536000000)
#define HOUR INT64_C(3600000)

static struct box_report report;
static char version[BOX_VERSION_SIZE];

static void
read_text(const char *text)
{
	box_report_read(slice_from(text), NOW, version, &report);
}

/* Returns oldest_at of a report whose clock is so far ahead, of an event an hour before. */
static int64_t
oldest_of(int64_t ahead)
{
	char text[128];

	snprintf(text, sizeof(text), "backlog=5; oldest=%lld; clock=%lld",
	    (long long)(NOW + ahead - HOUR), (long long)(NOW + ahead));
	read_text(text);
	assert_int_equal(report.backlog, 5);
	return report.oldest_at;
}

static void
a_report_is_read(void **state)
{
	(void)state;
	read_text("version=1.2.3; backlog=12; oldest=1799999999999; clock=1800000000000");
	assert_int_equal(report.version.n, 5);
	assert_memory_equal(report.version.p, "1.2.3", 5);
	assert_int_equal(report.backlog, 12);
	assert_int_equal(report.oldest_at, 1799999999999);
	read_text("clock=1800000000000;oldest=7 ;backlog=1");
	assert_int_equal(report.backlog, 1);
	assert_int_equal(report.oldest_at, 7);
	assert_null(report.version.p);
}

static void
a_wrong_clock_is_corrected(void **state)
{
	(void)state;
	assert_int_equal(oldest_of(YEAR), NOW - HOUR);
	assert_int_equal(oldest_of(-YEAR), NOW - HOUR);
	assert_int_equal(oldest_of(BOX_CLOCK_SLACK_MS), NOW - HOUR + BOX_CLOCK_SLACK_MS);
	assert_int_equal(oldest_of(-BOX_CLOCK_SLACK_MS), NOW - HOUR - BOX_CLOCK_SLACK_MS);
	assert_int_equal(oldest_of(BOX_CLOCK_SLACK_MS + 1), NOW - HOUR);
	assert_int_equal(oldest_of(-BOX_CLOCK_SLACK_MS - 1), NOW - HOUR);
}

static void
nothing_waits_without_a_backlog(void **state)
{
	(void)state;
	read_text("backlog=0; oldest=1799999999999");
	assert_int_equal(report.backlog, 0);
	assert_int_equal(report.oldest_at, 0);
	read_text("oldest=1799999999999");
	assert_int_equal(report.backlog, -1);
	assert_int_equal(report.oldest_at, 1799999999999);
}

static void
what_makes_no_sense_was_not_said(void **state)
{
	static const char *const texts[] = { "", ";;;", "backlog=-7; oldest=;clock=", "backlog=1e3",
		"backlog=9007199254740993", "Backlog=5; OLDEST=7",
		"backlog=1x; oldest=1; clock=9007199254740992", "oldest=0; clock=1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		read_text(texts[i]);
		assert_int_equal(report.backlog, -1);
		assert_int_equal(report.oldest_at, 0);
	}
	read_text("backlog=1; oldest=5; clock=1800000000000x");
	assert_int_equal(report.oldest_at, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_is_read),
		cmocka_unit_test(a_wrong_clock_is_corrected),
		cmocka_unit_test(nothing_waits_without_a_backlog),
		cmocka_unit_test(what_makes_no_sense_was_not_said),
	};

	return cmocka_run_group_tests_name("ingest: reports of boxes", tests, NULL, NULL);
}
