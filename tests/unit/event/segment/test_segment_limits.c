/*
 * event/segment: events above a limit, notes on events within it, and bodies with too many events.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "unit/event/segment/segment_fixture.h"

#define EVENT "{\"type\":\"track\",\"event\":\"x\",\"email\":\"a@b.c\"}"

static int
start_with_limits(void **state)
{
	start(state);
	r.max_event = 100;
	r.max_message_id = 40;
	return 0;
}

static void
assert_detail(const struct segment_event *event, const char *text)
{
	if (text == NULL) {
		assert_null(event->detail);
		return;
	}
	assert_non_null(event->detail);
	assert_string_equal(event->detail, text);
}

/* An event of exactly n bytes. */
static void
append_event(struct buf *to, size_t n)
{
	size_t from = to->n;

	buf_append_literal(to, "{\"type\":\"track\",\"event\":\"x\",\"email\":\"a@b.c\",\"p\":\"");
	while (to->n < from + n - 2)
		buf_append_byte(to, 'p');
	buf_append_literal(to, "\"}");
	assert_int_equal(to->n, from + n);
}

static void
an_event_may_be_as_large_as_its_limit(void **state)
{
	(void)state;
	for (size_t n = 99; n <= 101; n++) {
		struct buf body;

		buf_init(&body, 1000);
		buf_append_literal(&body, "  ");
		append_event(&body, n);
		buf_append_literal(&body, " \n");
		track(body.p);
		if (n <= 100) {
			assert_status(&r.events[0], STATUS_PENDING, NULL);
			assert_detail(&r.events[0], NULL);
		} else {
			assert_status(&r.events[0], STATUS_INVALID, "event_too_large");
			assert_detail(&r.events[0], "101 bytes; max_event is 100");
			assert_int_equal(r.events[0].body.n, 101);
		}
		r.max_event = 0;
		assert_status(track(body.p), STATUS_PENDING, NULL);
		r.max_event = 100;
		buf_free(&body);
	}
}

/* An event that is too large is stored, whatever else is wrong with it, and the rest of the batch
 * is sent. */
static void
in_a_batch_each_event_has_its_own_size(void **state)
{
	struct buf body;

	(void)state;
	buf_init(&body, 1000000);
	buf_append_literal(&body, "{\"context\":{\"traits\":{\"email\":\"b@b.c\"},\"long\":\"");
	for (int i = 0; i < 1000; i++)
		buf_append_byte(&body, 'c');
	buf_append_literal(&body, "\"},\"batch\":[");
	for (int i = 0; i < 2000; i++) {
		append_event(&body, i % 2 == 0 ? 100 : 101 + (size_t)i / 2);
		buf_append_byte(&body, ',');
	}
	buf_append_literal(&body, "{\"type\":\"identify\",\"p\":\"");
	for (int i = 0; i < 100; i++)
		buf_append_byte(&body, 'p');
	buf_append_literal(&body, "\"}]}");
	batch(body.p, 2001);
	for (int i = 0; i < 2000; i++) {
		char text[64];

		if (i % 2 == 0) {
			assert_status(&r.events[i], STATUS_PENDING, NULL);
			assert_detail(&r.events[i], NULL);
			continue;
		}
		snprintf(text, sizeof(text), "%d bytes; max_event is 100", 101 + i / 2);
		assert_status(&r.events[i], STATUS_INVALID, "event_too_large");
		assert_detail(&r.events[i], text);
	}
	assert_status(&r.events[2000], STATUS_INVALID, "event_too_large");
	buf_free(&body);
}

static void
expect_message_id(const char *character, size_t n, const char *detail)
{
	struct buf body;

	buf_init(&body, 1000);
	r.max_event = 0;
	buf_append_literal(&body, "{\"event\":\"x\",\"email\":\"a@b.c\",\"messageId\":\"");
	for (size_t i = 0; i < n; i++)
		buf_printf(&body, "%s", character);
	buf_append_literal(&body, "\"}");
	track(body.p);
	assert_detail(&r.events[0], detail);
	if (detail == NULL)
		assert_status(&r.events[0], STATUS_PENDING, NULL);
	else
		assert_status(&r.events[0], STATUS_INVALID, "message_id_too_long");
	/* the messageId is not cut, so that a retry has the same one */
	assert_true(r.events[0].message_id.n >= n);
	buf_free(&body);
}

static void
a_message_id_may_have_so_many_characters(void **state)
{
	static const char *const characters[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\\u00e9", "\\ud83d\\ude00" };
	static const char detail[] = "its messageId has 41 characters; max_message_id is 40";

	(void)state;
	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++) {
		expect_message_id(characters[i], 39, NULL);
		expect_message_id(characters[i], 40, NULL);
		expect_message_id(characters[i], 41, detail);
	}
	r.max_message_id = 0;
	expect_message_id("a", 500, NULL);
	r.max_message_id = 40;
	assert_status(track("{\"event\":\"x\",\"email\":\"a@b.c\",\"messageId\":"
			    "12345678901234567890123456789012345678901}"),
	    STATUS_INVALID, "message_id_too_long");
}

static void
a_time_that_is_none_is_noted(void **state)
{
	static const char note[] =
	    "its timestamp cannot be read as a time: the time of receipt is used";
	static const struct {
		const char *members;
		bool noted;
	} rows[] = {
		{ "\"timestamp\":\"Sat Aug 01 2026\"", true },
		{ "\"timestamp\":\"\"", true },
		{ "\"timestamp\":1785584096789", false },
		{ "\"timestamp\":{}", true },
		{ "\"timestamp\":\"2026-02-30T00:00:00Z\"", true },
		{ "\"timestamp\":\"2026-07-31T24:00:00Z\"", false },
		{ "\"timestamp\":\"2026-08-01T11:34:56+24:00\"", true },
		{ "\"timestamp\":\"1969-12-31T23:59:59.999Z\"", true },
		{ "\"timestamp\":\"9999-12-31T23:59:59-12:00\"", true },
		{ "\"originalTimestamp\":\"yesterday\"", true },
		{ "\"originalTimestamp\":\"yesterday\",\"timestamp\":\"today\"", true },
		{ "\"originalTimestamp\":\"yesterday\",\"timestamp\":\"2026-08-01\"", false },
		{ "\"timestamp\":\"2026-08-01T11:34:56.789123+02:00\"", false },
		{ "\"timestamp\":\"2026-08-01T11:34:56.789123+0930\"", false },
		{ "\"timestamp\":\"1970-01-01T00:00:00Z\"", false },
		{ "\"timestamp\":null", false },
		{ "\"sentAt\":\"never\"", false },
		{ "\"a\":1", false },
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct segment_event *event;

		snprintf(body, sizeof(body), "{\"event\":\"x\",\"email\":\"a@b.c\",%s}",
		    rows[i].members);
		event = track(body);
		if ((event->detail != NULL) != rows[i].noted)
			fail_msg("%s", body);
		assert_detail(event, rows[i].noted ? note : NULL);
		assert_status(event, STATUS_PENDING, NULL);
		if (rows[i].noted)
			assert_int_equal(event->occurred_at, RECEIVED);
	}
}

static void
write_batch(struct buf *body, size_t n)
{
	buf_clear(body);
	buf_append_literal(body, "{\"batch\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(body, "%s" EVENT, i == 0 ? "" : ",");
	buf_append_literal(body, "]}");
}

/* The limit holds at every size of the array of events, which doubles as it grows. */
static void
a_batch_may_hold_as_many_events_as_there_is_memory_for(void **state)
{
	static const size_t limits[] = { 1, 15, 16, 17, 64, 100, 1000 };
	struct buf body;

	(void)state;
	buf_init(&body, 1000000);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		segment_request_free(&r);
		r.max_events = limits[i];
		for (int more = -1; more <= 1; more++) {
			size_t n = limits[i] + (size_t)more;
			char text[64];

			if (n == 0)
				continue;
			write_batch(&body, n);
			if (more <= 0) {
				batch(body.p, n);
				assert_true(r.cap_events <= limits[i]);
				continue;
			}
			assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, body.p), -1);
			assert_string_equal(r.code, "too_many_events");
			assert_int_equal(e.code, ERR_INPUT);
			snprintf(text, sizeof(text), "more than %zu events", limits[i]);
			assert_non_null(strstr(e.text, text));
			assert_int_equal(r.n_events, 0);
		}
	}
	/* a second batch counts from the start, as it replaces the first */
	r.max_events = 2;
	assert_int_equal(
	    parse(SEGMENT_BATCH, KIND_UNKNOWN, "{\"batch\":[{},{}],\"batch\":[{},{}]}"), 0);
	assert_int_equal(r.n_events, 2);
	buf_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    an_event_may_be_as_large_as_its_limit, start_with_limits, stop),
		cmocka_unit_test_setup_teardown(
		    in_a_batch_each_event_has_its_own_size, start_with_limits, stop),
		cmocka_unit_test_setup_teardown(
		    a_message_id_may_have_so_many_characters, start_with_limits, stop),
		cmocka_unit_test_setup_teardown(a_time_that_is_none_is_noted, start, stop),
		cmocka_unit_test_setup_teardown(
		    a_batch_may_hold_as_many_events_as_there_is_memory_for, start, stop),
	};

	return cmocka_run_group_tests_name("segment limits", tests, NULL, NULL);
}
