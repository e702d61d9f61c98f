/* event/segment: what one event contains, and what is wrong with it. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "unit/event/segment/segment_fixture.h"

static void
a_track_call_fills_the_columns(void **state)
{
	static const char body[] =
	    " {\"userId\":\"u1\",\"event\":\"Signed Up\",\"messageId\":\"m-1\",\"writeKey\":\"wk\","
	    "\"context\":{\"traits\":{\"email\":\"ann@x.io\"}},\"properties\":{\"plan\":1.10},"
	    "\"timestamp\":\"2026-08-01T11:34:56.789Z\"} ";
	const struct segment_event *event = track(body);

	(void)state;
	assert_ptr_equal(event->body.p, body + 1);
	assert_int_equal(event->body.n, sizeof(body) - 1 - 2);
	assert_int_equal(event->kind, KIND_TRACK);
	assert_text(event->name, "Signed Up");
	assert_text(event->message_id, "m-1");
	assert_text(event->email, "ann@x.io");
	assert_int_equal(event->occurred_at, CLIENT);
	assert_status(event, STATUS_PENDING, NULL);
	assert_text(r.write_key, "wk");
	assert_null(r.context.p);
	assert_null(r.code);
}

static void
escapes_are_decoded_into_the_columns(void **state)
{
	const struct segment_event *event;

	(void)state;
	event =
	    batch("{\"\\u0062atch\":[{\"\\u0074ype\":\"tr\\u0061ck\",\"event\":\"a\\n\\\"b\\\"\","
		  "\"messageId\":\"\\u00e9\",\"userId\":\"ann\\u0040x.io\","
		  "\"timestamp\":\"2026-08-01T11:34:56.789\\u002b00:00\"},"
		  "{\"type\":\"track\",\"event\":\"\\u0000\",\"messageId\":\"\\ud800\","
		  "\"email\":\"b\\u0040x.io\"}],\"writeKey\":\"w\\/k\"}",
		2);
	assert_int_equal(event[0].kind, KIND_TRACK);
	assert_text(event[0].name, "a\n\"b\"");
	assert_text(event[0].message_id, "\xc3\xa9");
	assert_text(event[0].email, "ann@x.io");
	assert_int_equal(event[0].occurred_at, CLIENT);
	assert_text(event[1].name, "\xef\xbf\xbd");
	assert_null(event[1].message_id.p); /* an id of invisible characters */
	assert_text(event[1].email, "b@x.io");
	assert_text(r.write_key, "w/k");
}

/* Text that was decoded early must not move when more is decoded. */
static void
decoded_text_stays_where_it_is(void **state)
{
	const size_t n = 2000;
	struct buf body;
	char want[32];

	(void)state;
	buf_init(&body, 1000000);
	buf_append_literal(&body, "{\"batch\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(&body,
		    "%s{\"type\":\"track\",\"event\":\"\\u0065%zu\",\"messageId\":\"\\u006d%zu\","
		    "\"email\":\"\\u0061%zu@x.io\"}",
		    i == 0 ? "" : ",", i, i, i);
	buf_append_literal(&body, "]}");
	batch(body.p, n);
	for (size_t i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "e%zu", i);
		assert_text(r.events[i].name, want);
		snprintf(want, sizeof(want), "m%zu", i);
		assert_text(r.events[i].message_id, want);
		snprintf(want, sizeof(want), "a%zu@x.io", i);
		assert_text(r.events[i].email, want);
	}
	assert_true(r.scratch.n <= body.n);
	buf_free(&body);
}

static void
the_kind_is_the_paths_or_the_types(void **state)
{
	const struct segment_event *event;

	(void)state;
	assert_int_equal(track("{\"type\":\"page\"}")->kind, KIND_TRACK);
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_UNKNOWN, "{\"type\":\"page\"}"), 0);
	assert_int_equal(r.events[0].kind, KIND_PAGE);
	event =
	    batch("{\"batch\":[{\"type\":\"Track\"},{\"type\":\"IDENTIFY\"},{\"type\":\"x\"},{},"
		  "{\"type\":7},{\"type\":\"alias\",\"type\":\"delete\"}]}",
		6);
	assert_int_equal(event[0].kind, KIND_TRACK);
	assert_int_equal(event[1].kind, KIND_IDENTIFY);
	assert_int_equal(event[2].kind, KIND_UNKNOWN);
	assert_int_equal(event[3].kind, KIND_UNKNOWN);
	assert_int_equal(event[4].kind, KIND_UNKNOWN);
	assert_int_equal(event[5].kind, KIND_DELETE);
	for (int i = 1; i < 6; i++)
		assert_status(&event[i], STATUS_UNSUPPORTED, "unsupported_event_type");
}

static void
other_kinds_keep_name_and_address(void **state)
{
	const struct segment_event *event;

	(void)state;
	event =
	    batch("{\"batch\":[{\"type\":\"page\",\"name\":\"Home\",\"event\":\"x\",\"email\":"
		  "\"a@b.c\"},{\"type\":\"screen\",\"name\":7},{\"type\":\"identify\",\"event\":"
		  "\"x\",\"name\":\"y\",\"traits\":{\"email\":\"t@b.c\"}}]}",
		3);
	assert_text(event[0].name, "Home");
	assert_text(event[0].email, "a@b.c");
	assert_text(event[1].name, "7");
	assert_null(event[2].name.p);
	assert_text(event[2].email, "t@b.c");
}

/* PHP and other languages write these for an empty object. */
static void
an_empty_array_is_an_empty_object(void **state)
{
	static const char *const nothing[] = { "[]", "[ \n]", "null", "false", "\"\"" };
	char body[300];

	(void)state;
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		snprintf(body, sizeof(body),
		    "{\"event\":\"x\",\"properties\":%s,\"traits\":%s,\"integrations\":%s,"
		    "\"context\":{\"traits\":{\"email\":\"a@b.c\"}}}",
		    nothing[i], nothing[i], nothing[i]);
		assert_int_equal(parse(SEGMENT_SINGLE, KIND_TRACK, body), 0);
		assert_status(&r.events[0], STATUS_PENDING, NULL);
		assert_int_equal(parse(SEGMENT_SINGLE, KIND_IDENTIFY, body), 0);
		assert_status(&r.events[0], STATUS_UNSUPPORTED, "unsupported_event_type");
	}
}

static void
each_fault_has_its_word(void **state)
{
	static const struct {
		const char *members;
		const char *reason;
	} rows[] = {
		{ "\"email\":\"a@b.c\"", "event_not_defined" },
		{ "\"email\":\"a@b.c\",\"event\":null", "event_not_defined" },
		{ "\"email\":\"a@b.c\",\"event\":\"\"", "event_not_defined" },
		{ "\"email\":\"a@b.c\",\"event\":\" \\t\\n\"", "event_not_defined" },
		{ "\"email\":\"a@b.c\",\"event\":7", "event_not_string" },
		{ "\"email\":\"a@b.c\",\"event\":[\"x\"]", "event_not_string" },
		{ "\"email\":\"a@b.c\",\"event\":\"x\",\"event\":{}", "event_not_string" },
		{ "\"email\":\"a@b.c\",\"event\":\"x\",\"properties\":[7]",
		    "properties_not_object" },
		{ "\"email\":\"a@b.c\",\"event\":\"x\",\"properties\":\"{}\"",
		    "properties_not_object" },
		{ "\"email\":\"a@b.c\",\"event\":\"x\",\"properties\":0", "properties_not_object" },
		{ "\"event\":\"x\"", "no_email" },
		{ "\"event\":\"x\",\"email\":\"a\"", "invalid_email" },
		{ "\"event\":\"x\",\"email\":\"a@b.c\",\"email\":null", "no_email" },
		{ "\"event\":\"x\",\"userId\":17", "no_email" },
		{ "\"event\":\"x\",\"email\":\"a@b.c\"", NULL },
		{ "\"event\":\"x\",\"email\":\"a@b.c\",\"properties\":null", NULL },
		{ "\"event\":\"x\",\"email\":\"a@b.c\",\"traits\":7,\"context\":[]", NULL },
		{ "\"event\":\"x\",\"userId\":\"a@b.c\"", NULL },
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body), "{%s}", rows[i].members);
		assert_status(track(body), rows[i].reason == NULL ? STATUS_PENDING : STATUS_INVALID,
		    rows[i].reason);
	}
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_IDENTIFY, "{\"traits\":[7]}"), 0);
	assert_status(&r.events[0], STATUS_INVALID, "traits_not_object");
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_GROUP, "{\"traits\":null}"), 0);
	assert_status(&r.events[0], STATUS_UNSUPPORTED, "unsupported_event_type");
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_PAGE, "{\"properties\":7}"), 0);
	assert_status(&r.events[0], STATUS_INVALID, "properties_not_object");
}

static void
one_bad_event_leaves_the_others(void **state)
{
	const struct segment_event *event;

	(void)state;
	event = batch("{\"batch\":[{\"type\":\"track\"},{\"type\":\"track\",\"event\":\"x\","
		      "\"email\":\"a@b.c\"},{}]}",
	    3);
	assert_status(&event[0], STATUS_INVALID, "event_not_defined");
	assert_status(&event[1], STATUS_PENDING, NULL);
	assert_status(&event[2], STATUS_UNSUPPORTED, "unsupported_event_type");
}

static void
message_ids_are_strings_or_numbers(void **state)
{
	(void)state;
	assert_text(track("{\"messageId\":\"m\"}")->message_id, "m");
	assert_text(
	    track("{\"messageId\":1491926160718000000}")->message_id, "1491926160718000000");
	assert_null(track("{\"messageId\":\"\"}")->message_id.p);
	assert_null(track("{\"messageId\":null}")->message_id.p);
	assert_null(track("{\"messageId\":{\"a\":1}}")->message_id.p);
	assert_null(track("{}")->message_id.p);
	assert_text(track("{\"messageId\":\"first\",\"messageId\":\"last\"}")->message_id, "last");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_track_call_fills_the_columns),
		cmocka_unit_test(escapes_are_decoded_into_the_columns),
		cmocka_unit_test(decoded_text_stays_where_it_is),
		cmocka_unit_test(the_kind_is_the_paths_or_the_types),
		cmocka_unit_test(other_kinds_keep_name_and_address),
		cmocka_unit_test(an_empty_array_is_an_empty_object),
		cmocka_unit_test(each_fault_has_its_word),
		cmocka_unit_test(one_bad_event_leaves_the_others),
		cmocka_unit_test(message_ids_are_strings_or_numbers),
	};

	return cmocka_run_group_tests_name("segment", tests, start, stop);
}
