/* event/segment: bodies that Segment itself forwards: one event, or an array of events. */
#include "lib/unit.h"

#include <string.h>

#include "unit/event/segment/segment_fixture.h"

#define TRACK "{\"type\":\"track\",\"event\":\"x\",\"email\":\"a@b.c\",\"writeKey\":\"source\"}"

static void
an_array_and_one_event_are_both_taken(void **state)
{
	static const char body[] = " [" TRACK " ,\n{\"type\":\"delete\",\"userId\":\"u\"},{}] ";

	(void)state;
	assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, body), 0);
	assert_true(r.is_array);
	assert_int_equal(r.n_events, 3);
	assert_ptr_equal(r.events[0].body.p, body + 2);
	assert_text(r.events[0].body, TRACK);
	assert_status(&r.events[0], STATUS_PENDING, NULL);
	assert_int_equal(r.events[1].kind, KIND_DELETE);
	assert_int_equal(r.events[2].kind, KIND_UNKNOWN);
	assert_null(r.context.p);
	assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, " " TRACK), 0);
	assert_false(r.is_array);
	assert_int_equal(r.n_events, 1);
	assert_text(r.events[0].body, TRACK);
}

/* The writeKey in a forwarded event names its source in Segment. */
static void
its_write_key_is_not_ours(void **state)
{
	(void)state;
	assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, TRACK), 0);
	assert_null(r.write_key.p);
	assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, "[" TRACK "]"), 0);
	assert_null(r.write_key.p);
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_UNKNOWN, TRACK), 0);
	assert_text(r.write_key, "source");
}

static void
expect_time(const char *members, int64_t want)
{
	for (int array = 0; array < 2; array++) {
		struct buf body;

		buf_init(&body, 1000);
		buf_printf(&body, array ? "[{%s}]" : "{%s}", members);
		if (parse(SEGMENT_ARRAY, KIND_UNKNOWN, body.p) != 0)
			fail_msg("%s: %s", body.p, e.text);
		if (r.events[0].occurred_at != want)
			fail_msg("%s", body.p);
		buf_free(&body);
	}
}

/* Segment corrected the timestamp when it received the event; its retries may last for hours. */
static void
the_time_is_segments_own(void **state)
{
	(void)state;
	expect_time("\"timestamp\":\"2026-08-01T11:34:56.789Z\",\"originalTimestamp\":"
		    "\"2001-01-01T00:00:00Z\",\"sentAt\":\"2001-01-01T00:00:10Z\"",
	    CLIENT);
	expect_time("\"originalTimestamp\":\"2026-08-01T11:34:56.789Z\",\"sentAt\":\"2001-01-01T00:"
		    "00:10Z\"",
	    CLIENT);
	expect_time("\"timestamp\":\"then\"", RECEIVED);
	expect_time("\"a\":1", RECEIVED);
}

static void
other_arrays_are_refused(void **state)
{
	static const struct {
		const char *body, *code, *text;
	} rows[] = {
		{ "[]", "empty_batch", "the array holds no event" },
		{ " [ ] ", "empty_batch", "the array holds no event" },
		{ "\"text\"", "not_object", "neither an object nor an array" },
		{ "null", "not_object", "neither an object nor an array" },
		{ "[{}", "invalid_json", "at byte 3" },
		{ "[{}] []", "invalid_json", "at byte 5" },
		{ "[{},]", "invalid_json", "at byte 4" },
		{ "", "invalid_json", "at byte 0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, rows[i].body), -1);
		if (strcmp(r.code, rows[i].code) != 0 || strstr(e.text, rows[i].text) == NULL)
			fail_msg("%s: %s, %s", rows[i].body, r.code, e.text);
		assert_int_equal(r.n_events, 0);
	}
	r.max_events = 2;
	assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, "[{},{}]"), 0);
	segment_request_free(&r);
	r.max_events = 2;
	assert_int_equal(parse(SEGMENT_ARRAY, KIND_UNKNOWN, "[{},{},{}]"), -1);
	assert_string_equal(r.code, "too_many_events");
	assert_non_null(strstr(e.text, "the array holds more than 2 events"));
	/* on other paths an array is refused */
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_UNKNOWN, "[{}]"), -1);
	assert_string_equal(r.code, "not_object");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		T(an_array_and_one_event_are_both_taken),
		T(its_write_key_is_not_ours),
		T(the_time_is_segments_own),
		T(other_arrays_are_refused),
	};

	return cmocka_run_group_tests_name("segment array", tests, NULL, NULL);
}
