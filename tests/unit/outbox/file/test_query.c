/* outbox/file/query: what a person's SQL may do, what it is refused, and what a row consists of. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "outbox/file/query.h"
#include "unit/outbox/handmade.h"

#define TIME_MS 60000

static struct handmade box;
static char got[4096]; /* names and values, as the sink took them */
static int rows, stop_at_row;
static bool stop_at_names;
static struct err e;

static int
set_up(void **state)
{
	(void)state;
	handmade_create(&box);
	got[0] = '\0';
	rows = stop_at_row = 0;
	stop_at_names = false;
	e = (struct err){ 0 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

static void
add(const char *before, struct slice text, const char *after)
{
	size_t at = strlen(got);

	snprintf(got + at, sizeof(got) - at, "%s%.*s%s", before, (int)text.n,
	    text.n == 0 ? "" : text.p, after);
}

static int
take_names(void *arg, const char *const *names, size_t n, struct err *error)
{
	assert_ptr_equal(arg, &rows);
	if (stop_at_names)
		return err_set(error, ERR_STATE, "no more");
	for (size_t i = 0; i < n && i < 10; i++)
		add("", slice_from(names[i]), " ");
	return 0;
}

static int
take_row(void *arg, const struct query_value *values, size_t n, struct err *error)
{
	static const char *const marks[] = {
		[QUERY_NULL] = "|NULL",
		[QUERY_INTEGER] = "|i",
		[QUERY_REAL] = "|r",
		[QUERY_TEXT] = "|t",
		[QUERY_BLOB] = "|b",
	};

	(void)arg;
	if (++rows == stop_at_row)
		return err_set(error, ERR_STATE, "no more");
	for (size_t i = 0; i < n && i < 10; i++) {
		if (values[i].type == QUERY_INTEGER)
			assert_int_equal(values[i].integer, 42);
		if (values[i].type == QUERY_REAL)
			assert_true(values[i].real == 1.5);
		add(marks[values[i].type], values[i].bytes, "");
	}
	return 0;
}

static int
run_for(const char *sql, int64_t timeout_ms)
{
	const struct query_sink sink = { take_names, take_row, &rows };

	return query_run(&box.db, sql, timeout_ms, &sink, &e);
}

static int
run(const char *sql)
{
	return run_for(sql, TIME_MS);
}

static void
refused(const char *sql, enum err_code code, const char *words)
{
	if (run(sql) == 0)
		fail_msg("not refused: %s", sql);
	assert_int_equal(e.code, code);
	if (strstr(e.text, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, e.text);
	assert_int_equal(rows, 0);
	/* The connection remains usable, for everything. */
	handmade_sql(&box, "UPDATE site SET name = name");
}

static void
each_type_has_its_value(void **state)
{
	(void)state;
	assert_int_equal(
	    run("SELECT 42 AS a, 1.5, 'x y' AS c, x'6162' AS d, NULL AS e, '' AS f, x'' AS g"), 0);
	assert_string_equal(got, "a 1.5 c d e f g |i42|r1.5|tx y|bab|NULL|t|b");
	assert_int_equal(rows, 1);
}

static void
a_result_without_rows_has_names(void **state)
{
	(void)state;
	assert_int_equal(run("SELECT name FROM site WHERE site_id < 0; -- and a comment\n ;"), 0);
	assert_string_equal(got, "name ");
	assert_int_equal(rows, 0);
}

static void
what_only_reads_is_allowed(void **state)
{
	static const char *const good[] = { "SELECT 42 FROM outbox", "PRAGMA table_info(nowhere)",
		"PRAGMA index_list(nowhere)",
		("WITH RECURSIVE n(i) AS (SELECT 41 UNION ALL SELECT i + 1 FROM n WHERE i < 42)"
		 " SELECT max(i) FROM n"),
		"PRAGMA integrity_check" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (run(good[i]) != 0)
			fail_msg("%s: %s", good[i], e.text);
}

static void
what_changes_something_is_refused(void **state)
{
	static const char *const bad[] = { "DELETE FROM event", "UPDATE site SET name = 'x'",
		"INSERT INTO site (name) VALUES ('x')", "CREATE TABLE t (x)", "DROP TABLE event",
		"PRAGMA user_version = 7", "PRAGMA application_id = 7",
		"PRAGMA journal_mode = DELETE", "PRAGMA writable_schema = 1",
		"ATTACH '/tmp/x.db' AS x", "BEGIN", "VACUUM", "SELECT load_extension('x')" };
	int64_t version = handmade_int(&box, "PRAGMA user_version");

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i], ERR_INPUT, "only reading is allowed");
	assert_int_equal(handmade_int(&box, "PRAGMA user_version"), version);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM site"), 1);
}

static void
mistakes_are_explained(void **state)
{
	(void)state;
	refused("SELEC 1", ERR_INPUT, "syntax error");
	refused("SELECT * FROM nowhere", ERR_INPUT, "no such table: nowhere; the views are ");
	refused("", ERR_INPUT, "the text contains no SQL statement");
	refused("-- only a comment", ERR_INPUT, "the text contains no SQL statement");
	refused("SELECT 1; SELECT 2", ERR_INPUT, "only one statement is allowed");
	refused("SELECT 1; nonsense", ERR_INPUT, "only one statement is allowed");
}

static void
columns_have_a_maximum(void **state)
{
	char sql[4096] = "SELECT 42";

	(void)state;
	for (int i = 1; i < QUERY_COLUMNS_MAX; i++)
		snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ", 42");
	assert_int_equal(run(sql), 0);
	rows = 0;
	snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ", 42");
	refused(sql, ERR_INPUT, "more than 200 columns");
}

static void
a_query_ends_when_its_time_is_over(void **state)
{
	static const char endless[] =
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
	char sql[200];

	(void)state;
	/* within one step, and between two rows */
	snprintf(sql, sizeof(sql), "%s SELECT count(*) FROM n", endless);
	assert_int_equal(run_for(sql, 20), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(rows, 0);
	snprintf(sql, sizeof(sql), "%s SELECT 42 FROM n", endless);
	assert_int_equal(run_for(sql, 0), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(rows, 1);
	assert_non_null(strstr(e.text, "the query took longer than 0 ms"));
}

/* Such as a pipe that nobody reads any longer. */
static void
a_sink_can_end_a_query(void **state)
{
	(void)state;
	stop_at_names = true;
	refused("SELECT 42", ERR_STATE, "no more");
	stop_at_names = false;
	stop_at_row = 2;
	assert_int_equal(run("SELECT 42 UNION ALL SELECT 42 UNION ALL SELECT 42"), -1);
	assert_int_equal(e.code, ERR_STATE);
	assert_int_equal(rows, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_type_has_its_value),
		TEST(a_result_without_rows_has_names),
		TEST(what_only_reads_is_allowed),
		TEST(what_changes_something_is_refused),
		TEST(mistakes_are_explained),
		TEST(columns_have_a_maximum),
		TEST(a_query_ends_when_its_time_is_over),
		TEST(a_sink_can_end_a_query),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
