/* cli/options, cli/test_event, term/pretty: the meaning of a command line. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/test_event.h"
#include "cli/verbs.h"
#include "term/pretty.h"

#define NOW 1785587696789
#define MAX_WORDS 40

static struct options o;
static char line_copy[1024];

/* Splits a line into words at blanks, without regard to quotes. */
static int
parse(const char *verb, const char *line, struct err *e)
{
	static char *argv[MAX_WORDS];
	char *rest = line_copy;
	int argc = 0;

	snprintf(line_copy, sizeof(line_copy), "%s %s", verb, line);
	for (char *word; (word = strsep(&rest, " ")) != NULL && argc < MAX_WORDS - 1;)
		if (word[0] != '\0')
			argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(argc, argv, verb_find(verb)->options, NOW, &o, e);
}

static void
takes(const char *verb, const char *line)
{
	struct err e = { 0 };

	if (parse(verb, line, &e) != 0)
		fail_msg("%s %s: %s", verb, line, e.text);
}

static void
refuses(const char *verb, const char *line, const char *word)
{
	struct err e = { 0 };

	if (parse(verb, line, &e) == 0)
		fail_msg("taken: %s %s", verb, line);
	if (strstr(e.text, word) == NULL)
		fail_msg("%s %s: says %s, not %s", verb, line, e.text, word);
	options_free(&o);
}

static void
filters_come_from_their_options(void **state)
{
	(void)state;
	takes("list",
	    "--id 5,6 --id 7 --message-id m --status failed,held --status invalid --reason r "
	    "--kind track,page --name Or* --email *@x --since 2h --until 2026-08-01T12:34:56.789Z "
	    "--http-status 422 --error *bad* --site main --limit 9 --all --json --newest");
	assert_int_equal(o.filter.n_ids, 3);
	assert_int_equal(o.filter.ids[2], 7);
	assert_string_equal(o.filter.text[FILTER_MESSAGE_ID], "m");
	assert_int_equal(
	    o.filter.statuses, 1u << STATUS_FAILED | 1u << STATUS_HELD | 1u << STATUS_INVALID);
	assert_string_equal(o.filter.text[FILTER_REASON], "r");
	assert_int_equal(o.filter.kinds, 1u << KIND_TRACK | 1u << KIND_PAGE);
	assert_string_equal(o.filter.text[FILTER_NAME], "Or*");
	assert_string_equal(o.filter.text[FILTER_EMAIL], "*@x");
	assert_int_equal(o.filter.since, NOW - 7200000);
	assert_int_equal(o.filter.until, NOW);
	assert_int_equal(o.filter.http_status, 422);
	assert_string_equal(o.filter.text[FILTER_ERROR], "*bad*");
	assert_string_equal(o.filter.text[FILTER_SITE], "main");
	assert_int_equal(o.filter.limit, 9);
	assert_true(o.has_limit && o.filter.all && o.json && o.newest);
	options_free(&o);
}

static void
options_and_operands_mix(void **state)
{
	(void)state;
	takes("show", "17 --raw -c file");
	assert_int_equal(o.n_operands, 1);
	assert_string_equal(o.operands[0], "17");
	assert_string_equal(o.config, "file");
	assert_true(o.raw);
	assert_false(o.sent);
	options_free(&o);
	takes("requeue", "-n -y --note because --limit 0");
	assert_true(o.dry_run && o.yes && o.has_limit);
	assert_string_equal(o.note, "because");
	assert_true(outbox_filter_is_empty(&o.filter));
	options_free(&o);
	takes("status", "--check --max-age 15m");
	assert_int_equal(o.max_age, 900000);
	options_free(&o);
	takes("status", "");
	assert_int_equal(o.max_age, -1);
	options_free(&o);
}

/* Splits words at "|", so that they may contain blanks; the first is the verb. */
static int
parse_quoted(const char *line, struct err *e)
{
	static char *argv[MAX_WORDS];
	char *rest = line_copy;
	int argc = 0;

	snprintf(line_copy, sizeof(line_copy), "%s", line);
	while (rest != NULL && argc < MAX_WORDS - 1)
		argv[argc++] = strsep(&rest, "|");
	argv[argc] = NULL;
	return options_parse(argc, argv, verb_find(argv[0])->options, NOW, &o, e);
}

/* A word that begins with an SQL comment is never an option, in any position. */
static void
comments_are_operands(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(parse_quoted("sql|--json|-- so\nSELECT 1|--timeout|2s|--|--json", &e), 0);
	assert_int_equal(o.n_operands, 2);
	assert_string_equal(o.operands[0], "-- so\nSELECT 1");
	assert_string_equal(o.operands[1], "--json");
	assert_true(o.json && o.timeout == 2000);
	options_free(&o);
	assert_int_equal(parse_quoted("sql|-- one|-qqqqqq", &e), -1);
	assert_non_null(strstr(e.text, "unknown option -q"));
	options_free(&o);
	assert_int_equal(parse_quoted("pause|--note|-- why", &e), 0);
	assert_string_equal(o.note, "-- why");
	assert_int_equal(o.n_operands, 0);
	options_free(&o);
	refuses("list", "--what", "unknown option --what");
}

static void
wrong_options_say_what_is_wanted(void **state)
{
	(void)state;
	refuses("list", "--color", "unknown option --color");
	refuses("list", "--dry-run", "unknown option --dry-run");
	refuses("list", "-q", "unknown option -q");
	refuses("list", "--json=1", "--json takes no value");
	refuses("list", "--status", "--status needs a value");
	refuses("list", "-c", "--config needs a value");
	refuses("list", "--status failed,", "--status: must be pending");
	refuses("list", "--status Failed", "--status: must be pending");
	refuses("list", "--id 0", "--id: must be a whole number from 1");
	refuses("list", "--id 5,x", "not \"x\"");
	refuses("list", "--id 99999999999999999999", "--id: must be");
	refuses("list", "--kind tracks",
	    "--kind: must be track, identify, page, screen, group, alias, delete, bento, "
	    "subscriber or unknown, not \"tracks\"");
	refuses("list", "--since 5y", "--since: \"5y\" is not a time");
	refuses("list", "--http-status 99", "from 100 to 999");
	refuses("list", "--http-status 1000", "from 100 to 999");
	refuses("list", "--limit -1", "--limit: must be");
	refuses("list", "--name a --name b", "--name: is given twice");
	refuses("send", "-p x", "--property: must be KEY=VALUE");
	refuses("send", "-p =x", "--property: must be KEY=VALUE");
	refuses("status", "--max-age soon", "--max-age: \"soon\" is not a duration");
}

static void
every_verb_has_help_that_fits(void **state)
{
	(void)state;
	for (const struct verb *v = verbs; v->name != NULL; v++) {
		size_t column = 0;

		assert_ptr_equal(verb_find(v->name), v);
		assert_non_null(v->run);
		assert_true((v->options & OPTION(HELP)) != 0);
		assert_ptr_equal(strstr(v->example, "bentospool "), v->example);
		for (const char *p = v->about; *p != '\0'; p++) {
			column = *p == '\n' ? 0 : column + 1;
			assert_true(column <= 80);
		}
	}
}

static void
test_event_is_what_segment_sends(void **state)
{
	struct err e = { 0 };
	struct buf event;

	(void)state;
	buf_init(&event, TEST_EVENT_MAX);
	takes("send", "--name Te\"st --email a@b.cc -p color=red -p n=5 -p v=007 -p ok=true -p e=");
	if (test_event_make(&o, NOW, &event, &e) != 0)
		fail_msg("%s", e.text);
	assert_non_null(
	    strstr(event.p, "{\"type\":\"track\",\"event\":\"Te\\\"st\",\"messageId\":\"test-"));
	assert_non_null(strstr(event.p,
	    "\"timestamp\":\"2026-08-01T12:34:56.789Z\",\"context\":{\"traits\":{\"email\":\"a@b."
	    "cc\"}},"
	    "\"properties\":{\"color\":\"red\",\"n\":5,\"v\":\"007\",\"ok\":true,\"e\":\"\"}}"));
	options_free(&o);
	takes("send", "--name x");
	assert_int_equal(test_event_make(&o, NOW, &event, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	takes("send", "--event f --name x");
	assert_int_equal(test_event_make(&o, NOW, &event, &e), -1);
	takes("send", "--event /nonexistent/event.json");
	assert_int_equal(test_event_make(&o, NOW, &event, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/event.json"));
	buf_free(&event);
}

static void
pretty_json_changes_no_value(void **state)
{
	static const char json[] =
	    "{ \"a\" :[1.10,1491926160718000000, { } , []],\n\"b\\\"{\":\"x, y\","
	    "\"c\":{\"d\":null}}";
	struct buf text;

	(void)state;
	buf_init(&text, 4096);
	pretty_append(&text, slice_from(json), 2);
	assert_string_equal(text.p, "  {\n"
				    "    \"a\": [\n"
				    "      1.10,\n"
				    "      1491926160718000000,\n"
				    "      {},\n"
				    "      []\n"
				    "    ],\n"
				    "    \"b\\\"{\": \"x, y\",\n"
				    "    \"c\": {\n"
				    "      \"d\": null\n"
				    "    }\n"
				    "  }");
	buf_clear(&text);
	pretty_append_line(&text, slice_from(json));
	assert_string_equal(text.p, "{\"a\":[1.10,1491926160718000000,{},[]],\"b\\\"{\":\"x, y\","
				    "\"c\":{\"d\":null}}");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_come_from_their_options),
		cmocka_unit_test(options_and_operands_mix),
		cmocka_unit_test(comments_are_operands),
		cmocka_unit_test(wrong_options_say_what_is_wanted),
		cmocka_unit_test(every_verb_has_help_that_fits),
		cmocka_unit_test(test_event_is_what_segment_sends),
		cmocka_unit_test(pretty_json_changes_no_value),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
