/* term/table and term/when: output for people. */
#include "lib/unit.h"

#include <string.h>

#include "base/clock.h"
#include "term/table.h"
#include "term/when.h"

static struct buf out;

static int
begin(void **state)
{
	(void)state;
	buf_init(&out, 1 << 20);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	buf_free(&out);
	return 0;
}

static const struct table_column columns[] = { { "ID", 0, true }, { "NAME", 6, false },
	{ "ERROR", 4, false } };

static void
row(struct table *t, int id, const char *name, const char *error)
{
	table_printf(t, TABLE_PLAIN, "%d", id);
	table_cell(t, slice_from(name), TABLE_BAD);
	table_cell(t, slice_from(error), TABLE_PLAIN);
}

static void
table_is_as_wide_as_its_contents(void **state)
{
	struct table *t = table_new(columns, 3, 80, false, &out);

	(void)state;
	row(t, 1, "Signed Up", NULL);
	row(t, 1234, "", "no");
	assert_int_equal(table_end(t), 0);
	assert_string_equal(out.p, "  ID  NAME       ERROR\n"
				   "   1  Signed Up  -\n"
				   "1234  -          no\n");
}

static void
table_never_passes_its_width(void **state)
{
	struct table *t = table_new(columns, 3, 30, false, &out);

	(void)state;
	row(t, 1, "a name that is far too long for it", "0123456789");
	row(t, 2, "short", "012345678901234567890123456789");
	assert_int_equal(table_end(t), 0);
	assert_string_equal(out.p, "ID  NAME          ERROR\n"
				   " 1  a name that…  0123456789\n"
				   " 2  short         01234567890…\n");
}

static void
table_counts_letters_not_bytes(void **state)
{
	struct table *t = table_new(columns, 3, 80, false, &out);

	(void)state;
	row(t, 1, "Zoë Müller", "x");
	row(t, 2, "0123456789", "y");
	assert_int_equal(table_end(t), 0);
	assert_string_equal(out.p, "ID  NAME        ERROR\n"
				   " 1  Zoë Müller  x\n"
				   " 2  0123456789  y\n");
}

static void
table_lets_nothing_site_control_the_terminal(void **state)
{
	static const char evil[] = "a\033[2Jb\nc\x7f"
				   "d\xc2\x9b"
				   "e\xff"
				   "f\xc3";
	struct table *t = table_new(columns, 3, 80, false, &out);

	(void)state;
	row(t, 1, evil, "\xed\xa0\x80\xf0\x80\x80\x80");
	assert_int_equal(table_end(t), 0);
	assert_string_equal(out.p, "ID  NAME              ERROR\n"
				   " 1  a?[2Jb?c?d??e?f?  ???????\n");
}

static void
table_paints_only_when_it_may(void **state)
{
	struct table *t = table_new(columns, 3, 80, true, &out);

	(void)state;
	row(t, 1, "x", "y");
	assert_int_equal(table_end(t), 0);
	assert_non_null(strstr(out.p, "\033[31mx\033[0m     y\n"));
}

static void
table_goes_on_past_its_memory(void **state)
{
	struct table *t = table_new(columns, 3, 80, false, &out);
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 2 * TABLE_ROWS_MAX + 1; i++)
		row(t, i, i == TABLE_ROWS_MAX ? "much longer than before" : "n", "e");
	assert_int_equal(table_end(t), 0);
	for (const char *p = out.p; *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 2 * TABLE_ROWS_MAX + 2);
	assert_non_null(strstr(out.p, "200  muc…  e\n"));
}

static void
empty_table_prints_nothing(void **state)
{
	(void)state;
	assert_int_equal(table_end(table_new(columns, 3, 80, false, &out)), 0);
	assert_int_equal(out.n, 0);
}

static void
durations_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "0", 0 }, { "90", 90000 }, { "90s", 90000 }, { "15m", 900000 },
		{ "2h", 7200000 }, { "3d", 259200000 }, { "1w", 604800000 },
		{ "999999999s", 999999999000 } };
	static const char *const bad[] = { "", "h", "2 h", "-2h", "2H", "2hh", "1h30m",
		"9999999999s", "1.5h" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(when_parse_duration(good[i].text, &ms, NULL), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (when_parse_duration(bad[i], &ms, NULL) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void
times_are_ago_or_iso(void **state)
{
	int64_t at;

	(void)state;
	assert_int_equal(when_parse("2h", 1785587696789, &at, NULL), 0);
	assert_int_equal(at, 1785587696789 - 7200000);
	assert_int_equal(when_parse("2026-08-01T12:34:56.789Z", 5, &at, NULL), 0);
	assert_int_equal(at, 1785587696789);
	assert_int_equal(when_parse("yesterday", 5, &at, NULL), -1);
	assert_int_equal(when_parse("1d", 5, &at, NULL), -1);
}

static void
ages_are_short(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = { { -5, "0 s" }, { 999, "0 s" }, { 59999, "59 s" }, { 60000, "1 m" },
		{ 3599999, "59 m" }, { 3600000, "1 h" }, { 7500000, "2 h 5 m" },
		{ 86400000, "1 d" }, { 100000000, "1 d 3 h" } };
	char text[WHEN_AGE_SIZE], ago[WHEN_AGO_SIZE], time[WHEN_TIME_SIZE];

	(void)state;
	when_use_utc(true);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		when_age(table[i].ms, text);
		assert_string_equal(text, table[i].text);
	}
	when_age(INT64_MAX, text);
	when_for(CLOCK_FLOOR, CLOCK_FLOOR - 60000, text);
	assert_string_equal(text, "1 m");
	when_ago(CLOCK_FLOOR, CLOCK_FLOOR - 60000, ago);
	assert_string_equal(ago, "1 m ago");
	when_for(CLOCK_FLOOR - 1, CLOCK_FLOOR - 60000, text);
	assert_string_equal(text, "clock not set");
	when_ago(CLOCK_FLOOR - 1, CLOCK_FLOOR - 60000, ago);
	assert_string_equal(ago, "clock not set");
	when_time(1785587696789, time);
	assert_string_equal(time, "2026-08-01 12:34:56");
	when_time(0, time);
	assert_string_equal(time, "-");
}

int
main(void)
{
#define INTO_OUT(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		INTO_OUT(table_is_as_wide_as_its_contents),
		INTO_OUT(table_never_passes_its_width),
		INTO_OUT(table_counts_letters_not_bytes),
		INTO_OUT(table_lets_nothing_site_control_the_terminal),
		INTO_OUT(table_paints_only_when_it_may),
		INTO_OUT(table_goes_on_past_its_memory),
		INTO_OUT(empty_table_prints_nothing),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(times_are_ago_or_iso),
		cmocka_unit_test(ages_are_short),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
