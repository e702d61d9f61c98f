/* report/story: the moments of an event in the order of time, with facts in both forms. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "outbox/read/audit.h"
#include "report/story.h"
#include "unit/outbox/handmade.h"

static struct handmade box;
static struct outbox_audit *audit;

static int
open_box(void **state)
{
	struct err e;

	(void)state;
	handmade_create(&box);
	/* Received at 7000, settled at 7500. */
	handmade_event(&box, 7, "Order", "a@b.cc", STATUS_FAILED, "refused");
	handmade_sql(&box,
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at,"
	    " duration_ms, events, bytes, first_event_id, last_event_id, http_status, outcome, "
	    "error)"
	    " VALUES (3, 1, 1, 7100, 7200, 100, 2, 50, 7, 8, 422, 'refused', 'no such site'),"
	    " (4, 1, 1, 7500, NULL, NULL, 1, 50, 7, 7, NULL, NULL, NULL);"
	    "INSERT INTO attempt_event (attempt_id, event_id) VALUES (3, 7), (4, 7);"
	    "INSERT INTO operation (operation_id, at, actor, verb, filter, note, events)"
	    " VALUES (9, 7300, 'ann', 'requeue', '{}', 'again', 1);"
	    "INSERT INTO operation_event (operation_id, event_id, status, reason, attempts, "
	    "next_attempt_at)"
	    " VALUES (9, 7, 'failed', 'refused', 1, 0)");
	return outbox_audit_open(box.path, &audit, &e);
}

static int
close_box(void **state)
{
	(void)state;
	outbox_audit_close(audit);
	handmade_remove(&box);
	return 0;
}

static void
collect(struct story *s, enum json_form form)
{
	struct err e = { 0 };

	if (story_collect(s, audit, 7, form, &e) != 1)
		fail_msg("%s", e.text);
}

static void
moments_are_in_the_order_of_time(void **state)
{
	static const struct {
		int64_t at;
		enum moment_type type;
		enum moment_look look;
		const char *title, *words;
	} want[] = {
		{ 7000, MOMENT_RECEIVED, MOMENT_PLAIN, "received", "" },
		{ 7100, MOMENT_ATTEMPT, MOMENT_WAITING, "attempt 3",
		    "refused, HTTP 422, 2 events, 100 ms: no such site" },
		{ 7300, MOMENT_OPERATION, MOMENT_PLAIN, "requeue",
		    "operation 9 by ann, status before: failed: again" },
		/* At the same time the attempt comes first. */
		{ 7500, MOMENT_ATTEMPT, MOMENT_WAITING, "attempt 4", "in flight" },
		{ 7500, MOMENT_SETTLED, MOMENT_BAD, "failed", "refused" },
	};
	struct story s;

	(void)state;
	collect(&s, JSON_LINES);
	assert_string_equal(
	    s.heading.p, "event 7, failed: track \"Order\", a@b.cc, messageId m-7, site main");
	assert_string_equal(s.message_id, "m-7");
	assert_int_equal(s.n, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.moments[i].at, want[i].at);
		assert_int_equal(s.moments[i].type, want[i].type);
		assert_int_equal(s.moments[i].look, want[i].look);
		assert_string_equal(s.moments[i].title, want[i].title);
		assert_string_equal(s.moments[i].words, want[i].words);
	}
	story_free(&s);
}

static void
assert_facts(enum json_form form, size_t moment, const char *want)
{
	cJSON *o = cJSON_CreateObject();
	struct story s;
	char *text;

	collect(&s, form);
	story_take_facts(&s.moments[moment], o);
	text = cJSON_PrintUnformatted(o);
	assert_string_equal(text, want);
	cJSON_free(text);
	cJSON_Delete(o);
	story_free(&s);
}

static void
facts_have_both_forms(void **state)
{
	(void)state;
	assert_facts(JSON_LINES, 0, "{}");
	assert_facts(JSON_LINES, 1,
	    "{\"attempt_id\":3,\"started_at\":\"1970-01-01T00:00:07.100Z\","
	    "\"finished_at\":\"1970-01-01T00:00:07.200Z\",\"duration_ms\":100,\"events\":2,"
	    "\"bytes\":50,\"http_status\":422,\"outcome\":\"refused\",\"error\":\"no such site\","
	    "\"response\":null,\"endpoint\":\"events\"}");
	assert_facts(JSON_PAGE, 1,
	    "{\"attempt_id\":\"3\",\"started_at\":7100,\"finished_at\":7200,\"duration_ms\":100,"
	    "\"events\":\"2\",\"bytes\":50,\"http_status\":422,\"outcome\":\"refused\","
	    "\"error\":\"no such site\",\"response\":null,\"endpoint\":\"events\"}");
	assert_facts(JSON_PAGE, 3,
	    "{\"attempt_id\":\"4\",\"started_at\":7500,\"finished_at\":0,\"duration_ms\":0,"
	    "\"events\":\"1\",\"bytes\":50,\"http_status\":0,\"outcome\":null,\"error\":null,"
	    "\"response\":null,\"endpoint\":\"events\"}");
	assert_facts(JSON_PAGE, 2,
	    "{\"operation_id\":\"9\",\"at\":7300,\"actor\":\"ann\",\"verb\":\"requeue\","
	    "\"note\":\"again\",\"status_before\":\"failed\",\"reason_before\":\"refused\"}");
	assert_facts(JSON_PAGE, 4, "{\"status\":\"failed\",\"reason\":\"refused\"}");
}

/* Ids past 2^53 stay exact for the page. */
static void
large_ids_are_exact(void **state)
{
	cJSON *o = cJSON_CreateObject();

	(void)state;
	json_add_id(o, "id", INT64_MAX, JSON_PAGE);
	assert_string_equal(cJSON_GetObjectItem(o, "id")->valuestring, "9223372036854775807");
	cJSON_Delete(o);
}

/* Words have room for 1,023 bytes; a character is not cut in two. */
static void
long_words_are_cut_between_characters(void **state)
{
	static const struct {
		int n; /* bytes of the note before its last character, which has 2 */
		size_t want;
	} cases[] = { { 977, 1022 }, { 978, 1023 }, { 979, 1022 } };
	char sql[1400], note[1200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct story s;

		memset(note, 'x', sizeof(note));
		snprintf(note + cases[i].n, sizeof(note) - (size_t)cases[i].n, "\xc3\xa9");
		snprintf(sql, sizeof(sql), "UPDATE operation SET note = '%s'", note);
		handmade_sql(&box, sql);
		collect(&s, JSON_LINES);
		assert_int_equal(strlen(s.moments[2].words), cases[i].want);
		story_free(&s);
	}
}

static void
a_cut_character_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(utf8_whole("", 0), 0);
	assert_int_equal(utf8_whole("ab", 2), 2);
	assert_int_equal(utf8_whole("a\xc3\xa9", 3), 3);
	assert_int_equal(utf8_whole("a\xc3\xa9", 2), 1);
	assert_int_equal(utf8_whole("a\xf0\x9f\x98\x80", 5), 5);
	assert_int_equal(utf8_whole("a\xf0\x9f\x98\x80", 4), 1);
	assert_int_equal(utf8_whole("a\xf0\x9f\x98\x80", 2), 1);
	assert_int_equal(utf8_whole("\xc3\xa9", 1), 0);
}

static void
what_does_not_exist_has_no_story(void **state)
{
	struct story s;
	struct err e;

	(void)state;
	assert_int_equal(story_collect(&s, audit, 8, JSON_LINES, &e), 0);
	story_free(&s);
}

int
main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, open_box, close_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(moments_are_in_the_order_of_time),
		WITH_BOX(facts_have_both_forms),
		cmocka_unit_test(large_ids_are_exact),
		WITH_BOX(long_words_are_cut_between_characters),
		cmocka_unit_test(a_cut_character_is_left_out),
		WITH_BOX(what_does_not_exist_has_no_story),
	};

	return cmocka_run_group_tests_name("story", tests, NULL, NULL);
}
