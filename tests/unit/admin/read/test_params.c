/* admin/read/params and criteria: what a query may say, and what is refused in words. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "admin/read/criteria.h"

static const char *const known[] = { CRITERIA_NAMES, "before", "limit", NULL };

static void
values_are_decoded(void **state)
{
	struct params p;
	struct err e;

	(void)state;
	assert_int_equal(params_parse(&p, "", known, &e), 0);
	assert_int_equal(p.n, 0);
	assert_null(params_get(&p, "site"));
	assert_int_equal(
	    params_parse(&p, "site=a+b%2Bc%26%3D&&name=%e2%82%AC=x&%65mail=", known, &e), 0);
	assert_int_equal(p.n, 3);
	assert_string_equal(params_get(&p, "site"), "a b+c&=");
	assert_string_equal(params_get(&p, "name"), "\xe2\x82\xac=x");
	assert_string_equal(params_get(&p, "email"), "");
	assert_null(params_get(&p, "reason"));
}

static void
other_queries_are_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "sites=main", "there is no parameter \"sites\"" },
		{ "=x", "there is no parameter \"\"" },
		{ "site", "site has no value, or is badly encoded" },
		{ "site=%", "site has no value, or is badly encoded" },
		{ "site=%4", "site has no value, or is badly encoded" },
		{ "site=%4g", "site has no value, or is badly encoded" },
		{ "site=a%00b", "site has no value, or is badly encoded" },
		{ "%zz=a", "the name of a parameter is badly encoded" },
		{ "site=a&site=a", "site is given twice" },
	};
	struct params p;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(params_parse(&p, wrong[i][0], known, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_string_equal(e.text, wrong[i][1]);
	}
}

/* A query has 1,023 bytes and 20 parameters at most. */
static void
queries_have_a_size(void **state)
{
	const char *many[PARAMS_MAX + 2] = { NULL };
	char names[PARAMS_MAX + 1][4], query[PARAMS_SIZE + 2] = "site=";
	struct params p;
	struct err e;

	(void)state;
	for (size_t n = PARAMS_SIZE - 2; n <= PARAMS_SIZE; n++) {
		memset(query + 5, 'x', n - 5);
		query[n] = '\0';
		assert_int_equal(params_parse(&p, query, known, &e), n < PARAMS_SIZE ? 0 : -1);
	}
	query[0] = '\0';
	for (size_t i = 0; i <= PARAMS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "p%c", (char)('a' + i));
		many[i] = names[i];
		memcpy(query + 5 * i, "&pX=1", 6);
		query[5 * i + 2] = names[i][1];
		assert_int_equal(params_parse(&p, query, many, &e), i < PARAMS_MAX ? 0 : -1);
	}
	assert_string_equal(e.text, "there are more than 20 parameters");
}

static void
numbers_have_a_range(void **state)
{
	struct params p;
	int64_t n = 7;
	struct err e;

	(void)state;
	assert_int_equal(params_parse(&p, "limit=100&before=0", known, &e), 0);
	assert_int_equal(params_number(&p, "http_status", 100, 599, &n, &e), 0);
	assert_int_equal(n, 7);
	assert_int_equal(params_number(&p, "limit", 1, 100, &n, &e), 0);
	assert_int_equal(n, 100);
	assert_int_equal(params_number(&p, "limit", 1, 99, &n, &e), -1);
	assert_string_equal(e.text, "limit must be a whole number from 1 to 99");
	assert_int_equal(params_number(&p, "before", 1, INT64_MAX, &n, &e), -1);
	assert_int_equal(params_number(&p, "before", 0, INT64_MAX, &n, &e), 0);
}

/* Returns the filter as JSON, or the error. */
static const char *
filter_of(const char *query)
{
	static char text[1024];
	struct outbox_filter f;
	struct params p;
	struct buf json;
	struct err e;

	outbox_filter_init(&f);
	buf_init(&json, sizeof(text) - 1);
	if (params_parse(&p, query, known, &e) != 0 || criteria_parse(&p, &f, &e) != 0) {
		snprintf(text, sizeof(text), "%s", e.text);
	} else {
		outbox_filter_to_json(&f, &json);
		snprintf(text, sizeof(text), "%s", json.p);
	}
	buf_free(&json);
	outbox_filter_free(&f);
	return text;
}

static void
criteria_are_those_of_the_filters(void **state)
{
	static const char *const cases[][2] = {
		{ "", "{}" },
		{ "site=shop&reason=refused&name=A*&email=%2A%40b.cc&message_id=m&error=x&via=b",
		    "{\"message-id\":\"m\",\"reason\":\"refused\",\"name\":\"A*\",\"email\":\"*@b."
		    "cc\","
		    "\"error\":\"x\",\"site\":\"shop\",\"via\":\"b\"}" },
		{ "status=failed,held&kind=track,page",
		    "{\"status\":[\"failed\",\"held\"],\"kind\":[\"track\",\"page\"]}" },
		{ "status=failed,failed", "{\"status\":[\"failed\"]}" },
		{ "status=", "status cannot be \"\"" },
		{ "status=failed,", "status cannot be \"\"" },
		{ "status=Failed", "status cannot be \"Failed\"" },
		{ "kind=Track", "kind cannot be \"Track\"" },
		{ "kind=unknown", "{\"kind\":[\"unknown\"]}" },
		{ "id=3,9", "{\"id\":[3,9]}" },
		{ "id=3,x", "id must be whole numbers from 1 to 9223372036854775807" },
		{ "id=0", "id must be whole numbers from 1 to 9223372036854775807" },
		{ "id=1111111111111111111111111",
		    "id must be whole numbers from 1 to 9223372036854775807" },
		{ "http_status=422", "{\"http-status\":422}" },
		{ "http_status=99", "http_status must be a whole number from 100 to 599" },
		{ "since=1500&until=1970-01-01T00:00:02.5Z",
		    "{\"since\":\"1970-01-01T00:00:01.500Z\",\"until\":\"1970-01-01T00:00:02."
		    "500Z\"}" },
		{ "since=yesterday",
		    "since must be milliseconds since 1970, or a time like 2026-08-01T12:34:56Z" },
		{ "until=0",
		    "until must be milliseconds since 1970, or a time like 2026-08-01T12:34:56Z" },
		{ "name=", "name: must not be empty" },
		{ "name=%ff", "name: is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(filter_of(cases[i][0]), cases[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_decoded),
		cmocka_unit_test(other_queries_are_refused),
		cmocka_unit_test(queries_have_a_size),
		cmocka_unit_test(numbers_have_a_range),
		cmocka_unit_test(criteria_are_those_of_the_filters),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
