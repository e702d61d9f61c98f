/* event/segment: what is around the events: the batch, its time and context; refused bodies. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/isotime.h"

#include "unit/event/segment/segment_fixture.h"

/* Of several equal keys only the last counts; no part of an earlier value remains. */
static void
the_last_of_several_keys_counts(void **state)
{
	const struct segment_event *event;

	(void)state;
	assert_null(
	    track("{\"context\":{\"traits\":{\"email\":\"a@b.c\"}},\"context\":{}}")->email.p);
	assert_null(
	    track("{\"context\":{\"traits\":{\"email\":\"a@b.c\"}},\"context\":7}")->email.p);
	assert_null(
	    track("{\"context\":{\"traits\":{\"email\":\"a@b.c\"},\"traits\":null}}")->email.p);
	assert_null(track("{\"properties\":{\"email\":\"a@b.c\"},\"properties\":{}}")->email.p);
	assert_null(track("{\"traits\":{\"email\":\"a@b.c\"},\"traits\":[]}")->email.p);
	assert_text(track("{\"traits\":7,\"tr\\u0061its\":{\"email\":\"a@b.c\"}}")->email, "a@b.c");
	event =
	    batch("{\"batch\":[{},7,{\"messageId\":\"\\u0061\"}],\"batch\":[{\"messageId\":\"b\"}],"
		  "\"sentAt\":1,\"sentAt\":\"x\",\"context\":{},\"context\":[1]}",
		1);
	assert_text(event[0].message_id, "b");
	assert_text(r.sent_at, "\"x\"");
	assert_text(r.context, "[1]");
	assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, "{\"batch\":[{}],\"batch\":7}"), -1);
	assert_string_equal(r.code, "batch_not_array");
	assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, "{\"batch\":[{}],\"batch\":[]}"), -1);
	assert_string_equal(r.code, "empty_batch");
}

static void
the_envelope_is_reported_raw(void **state)
{
	(void)state;
	batch("{\"context\" : { \"a\" : 1 } ,\"integrations\": {\"All\":false}, \"sentAt\" : "
	      "\"2026\" ,\"batch\":[{}],\"writeKey\":7}",
	    1);
	assert_text(r.context, "{ \"a\" : 1 }");
	assert_text(r.integrations, "{\"All\":false}");
	assert_text(r.sent_at, "\"2026\"");
	assert_null(r.write_key.p);
	batch("{\"batch\":[{\"writeKey\":\"x\",\"context\":{},\"sentAt\":\"y\",\"integrations\":{}}"
	      "]}",
	    1);
	assert_null(r.context.p);
	assert_null(r.integrations.p);
	assert_null(r.sent_at.p);
	assert_null(r.write_key.p);
}

static void
the_batchs_traits_rank_behind_the_events_own(void **state)
{
	static const char events[] =
	    "\"batch\":[{\"type\":\"track\",\"event\":\"a\"},"
	    "{\"type\":\"track\",\"event\":\"b\",\"properties\":{\"email\":\"p@x.io\"}},"
	    "{\"type\":\"track\",\"event\":\"c\",\"context\":{\"traits\":{\"email\":\"c@x.io\"}}},"
	    "{\"type\":\"track\",\"event\":\"d\",\"email\":\"t@x.io\"},"
	    "{\"type\":\"track\"},{\"type\":\"identify\"}]";
	static const char context[] =
	    "\"context\":{\"traits\":{\"email\":\"batch\\u0040x.io\",\"email2\":1}}";
	char body[1024];

	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		const struct segment_event *event;

		snprintf(body, sizeof(body), "{%s,%s}", behind ? events : context,
		    behind ? context : events);
		event = batch(body, 6);
		assert_text(event[0].email, "batch@x.io");
		assert_status(&event[0], STATUS_PENDING, NULL);
		assert_text(event[1].email, "batch@x.io");
		assert_text(event[2].email, "c@x.io");
		assert_text(event[3].email, "t@x.io");
		assert_text(event[4].email, "batch@x.io");
		assert_status(&event[4], STATUS_INVALID, "event_not_defined");
		assert_text(event[5].email, "batch@x.io");
		assert_status(&event[5], STATUS_UNSUPPORTED, "unsupported_event_type");
	}
}

static void
expect_time(const char *members, int64_t want)
{
	char body[512], got_text[ISOTIME_SIZE];
	int64_t got;

	snprintf(body, sizeof(body), "{%s}", members);
	got = track(body)->occurred_at;
	isotime_format(got, got_text);
	if (got != want)
		fail_msg("%s: %s", members, got_text);
}

#define T "\"2026-08-01T11:34:56.789Z\""
#define T_AND_10S "\"2026-08-01T11:35:06.789Z\""
#define OTHER "\"2001-01-01T00:00:00Z\""

static void
time_is_corrected_by_the_clients_offset(void **state)
{
	(void)state;
	/* the event was sent 10 seconds after it happened, whatever the client's clock shows */
	expect_time("\"timestamp\":" T ",\"sentAt\":" T_AND_10S, RECEIVED - 10000);
	expect_time("\"sentAt\":" T_AND_10S ",\"originalTimestamp\":" T ",\"timestamp\":" OTHER,
	    RECEIVED - 10000);
	expect_time("\"timestamp\":\"2026-08-01T13:34:56.789123+02:00\",\"sentAt\":" T_AND_10S,
	    RECEIVED - 10000);
	/* a sentAt before the event, or 10 years off, does not show the client's offset */
	expect_time("\"timestamp\":" T_AND_10S ",\"sentAt\":" T, CLIENT + 10000);
	expect_time("\"timestamp\":" T ",\"sentAt\":\"1970-01-01T00:00:07Z\"", CLIENT);
	expect_time("\"timestamp\":" T ",\"sentAt\":\"2037-01-01T00:00:07Z\"", CLIENT);
	/* no event is dated long after its receipt */
	expect_time("\"timestamp\":\"2569-08-01T11:34:56Z\"", RECEIVED);
	/* the clock of a client without a battery, which starts at 1970 */
	expect_time("\"timestamp\":\"1970-01-01T00:00:05Z\",\"sentAt\":\"1970-01-01T00:00:06Z\"",
	    RECEIVED - 1000);
	/* sentAt is missing or is not a time */
	expect_time("\"timestamp\":" T, CLIENT);
	expect_time("\"timestamp\":" T ",\"sentAt\":null", CLIENT);
	expect_time("\"timestamp\":" T ",\"sentAt\":\"now\"", CLIENT);
	expect_time("\"timestamp\":" T ",\"sentAt\":\"0001-01-01T00:00:00Z\"", CLIENT);
	/* the next best time counts, or the time of receipt */
	expect_time("\"originalTimestamp\":\"Sat Aug 01 2026\",\"timestamp\":" T, CLIENT);
	expect_time("\"originalTimestamp\":\"0001-01-01T00:00:00Z\",\"timestamp\":" T, CLIENT);
	expect_time("\"originalTimestamp\":1785584096789,\"timestamp\":{}", CLIENT);
	expect_time("\"originalTimestamp\":7,\"timestamp\":{}", RECEIVED);
	expect_time("\"timestamp\":\"\",\"sentAt\":" T, RECEIVED);
	expect_time("", RECEIVED);
	/* a correction that leaves the calendar is not applied */
	expect_time(
	    "\"timestamp\":\"1970-01-01T00:00:00Z\",\"sentAt\":\"9999-12-31T23:59:59Z\"", 0);
	expect_time(
	    "\"timestamp\":\"9999-12-31T23:59:59Z\",\"sentAt\":\"1970-01-01T00:00:00Z\"", RECEIVED);
}

static void
expect_late(int64_t late, bool corrects)
{
	char body[200], sent[ISOTIME_SIZE], at[ISOTIME_SIZE];

	isotime_format(RECEIVED - late, sent);
	isotime_format(RECEIVED - late - 4000, at);
	snprintf(body, sizeof(body), "\"timestamp\":\"%s\",\"sentAt\":\"%s\"", at, sent);
	expect_time(body, RECEIVED - 4000 - (corrects ? 0 : late));
}

static void
a_body_sent_again_a_day_later_keeps_its_times(void **state)
{
	const int64_t hour = 3600000, day = 24 * hour;

	(void)state;
	/* a body cannot arrive before it is sent, so the client's clock is ahead */
	expect_late(-day, true);
	expect_late(12 * hour - 1, true);
	expect_late(12 * hour, false);
	expect_late(day, false);
	expect_late(30 * day, false);
	expect_late(30 * day + 1, true);
}

static void
expect_unset(const char *members, int64_t want, enum segment_provisional provisional)
{
	const struct segment_event *event;
	char body[300];

	snprintf(body, sizeof(body), "{%s}", members);
	r.clock_unset = true;
	event = track(body);
	r.clock_unset = false;
	if (event->occurred_at != want || event->provisional != provisional)
		fail_msg(
		    "%s: %lld, %d", members, (long long)event->occurred_at, event->provisional);
}

static void
while_our_clock_is_unset_a_clients_word_stands(void **state)
{
	(void)state;
	expect_unset("", RECEIVED, SEGMENT_BOTH_PROVISIONAL);
	expect_unset("\"timestamp\":\"soon\"", RECEIVED, SEGMENT_BOTH_PROVISIONAL);
	expect_unset("\"timestamp\":" T, CLIENT, SEGMENT_RECEIPT_PROVISIONAL);
	/* kept, although far after receipt: that time is only an estimate */
	expect_unset("\"timestamp\":\"2031-08-01T11:34:56Z\"", INT64_C(1943350496000),
	    SEGMENT_RECEIPT_PROVISIONAL);
	expect_unset("\"timestamp\":" T_AND_10S ",\"sentAt\":" T, CLIENT + 10000,
	    SEGMENT_RECEIPT_PROVISIONAL);
	/* the event happened 3 s before receipt, whatever the client's clock shows */
	expect_unset("\"timestamp\":\"2031-08-01T11:34:56Z\",\"sentAt\":\"2031-08-01T11:34:59Z\"",
	    RECEIVED - 3000, SEGMENT_BOTH_PROVISIONAL);
}

static void
the_batchs_sent_at_may_come_before_or_behind(void **state)
{
	static const char events[] = "\"batch\":[{\"timestamp\":" T "},"
				     "{\"timestamp\":" T ",\"sentAt\":" T "},"
				     "{\"timestamp\":" T ",\"sentAt\":\"x\"},{}]";
	static const char sent_at[] = "\"sentAt\":" T_AND_10S;
	char body[512];

	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		const struct segment_event *event;

		snprintf(body, sizeof(body), "{%s,%s}", behind ? events : sent_at,
		    behind ? sent_at : events);
		event = batch(body, 4);
		assert_int_equal(event[0].occurred_at, RECEIVED - 10000);
		assert_int_equal(event[1].occurred_at, RECEIVED);
		assert_int_equal(event[2].occurred_at, RECEIVED - 10000);
		assert_int_equal(event[3].occurred_at, RECEIVED);
	}
	snprintf(body, sizeof(body), "{%s,\"sentAt\":null}", events);
	assert_int_equal(batch(body, 4)[0].occurred_at, CLIENT);
}

static void
bodies_are_refused_with_word_and_place(void **state)
{
	static const struct {
		enum segment_shape shape;
		const char *body;
		const char *code;
		const char *text;
	} rows[] = {
		{ SEGMENT_SINGLE, "", "invalid_json", "at byte 0" },
		{ SEGMENT_SINGLE, "{\"a\":1,}", "invalid_json", "at byte 7" },
		{ SEGMENT_SINGLE, "{} {}", "invalid_json", "at byte 3" },
		{ SEGMENT_SINGLE, "[", "invalid_json", "at byte 1" },
		{ SEGMENT_SINGLE, "\"\xff\"", "invalid_json", "not UTF-8 at byte 1" },
		{ SEGMENT_SINGLE, "{\"properties\":{\"a\":\"\x01\"}}", "invalid_json",
		    "control byte" },
		{ SEGMENT_SINGLE, "{\"context\":{\"traits\":{\"a\":01}}}", "invalid_json",
		    "at byte 27" },
		{ SEGMENT_SINGLE, "{\"traits\":{]}", "invalid_json", "at byte 11" },
		{ SEGMENT_SINGLE, "[]", "not_object", "not an object" },
		{ SEGMENT_SINGLE, " \"x\" ", "not_object", "not an object" },
		{ SEGMENT_BATCH, "[{}]", "not_object", "not an object" },
		{ SEGMENT_BATCH, "null", "not_object", "not an object" },
		{ SEGMENT_BATCH, "{}", "batch_missing", "batch" },
		{ SEGMENT_BATCH, "{\"Batch\":[{}]}", "batch_missing", "batch" },
		{ SEGMENT_BATCH, "{\"batch\":null}", "batch_not_array", "not an array" },
		{ SEGMENT_BATCH, "{\"batch\":{}}", "empty_batch", "no event" },
		{ SEGMENT_BATCH, "{\"batch\":[]}", "empty_batch", "no event" },
		/* broken JSON has priority over other errors */
		{ SEGMENT_BATCH, "{\"batch\":[7]", "invalid_json", "too early at byte 12" },
		{ SEGMENT_BATCH, "{\"batch\":[{},]}", "invalid_json", "at byte 13" },
		{ SEGMENT_BATCH, "{\"batch\":[{}],\"context\":{\"traits\":{\"a\"}}}",
		    "invalid_json", "a colon is expected after a key at byte 38" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(parse(rows[i].shape, KIND_UNKNOWN, rows[i].body), -1);
		if (strcmp(r.code, rows[i].code) != 0 || strstr(e.text, rows[i].text) == NULL)
			fail_msg("%s: %s, %s", rows[i].body, r.code, e.text);
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(r.n_events, 0);
	}
}

/* A fault in one member does not affect the others. */
static void
members_that_are_no_events_are_kept_as_invalid(void **state)
{
	static const char *const members[] = { "null", "7", "\"x\"", "[]", "true",
		"[{\"type\":\"track\"}]" };
	char body[300];

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		snprintf(body, sizeof(body),
		    "{\"batch\":[{\"type\":\"track\",\"event\":\"x\",\"email\":\"a@b.c\"},%s]}",
		    members[i]);
		assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, body), 0);
		assert_int_equal(r.n_events, 2);
		assert_int_equal(r.events[0].status, STATUS_PENDING);
		assert_int_equal(r.events[1].status, STATUS_INVALID);
		assert_string_equal(r.events[1].reason, "event_not_object");
		assert_text(r.events[1].body, members[i]);
	}
}

/* PHP's arrays with holes, and a batch that is a single event instead of a list. */
static void
an_object_of_events_is_a_list(void **state)
{
	const struct segment_event *event;

	(void)state;
	event = batch("{\"batch\":{\"0\":{\"messageId\":\"a\"},\"2\":{\"messageId\":\"b\"}}}", 2);
	assert_text(event[1].message_id, "b");
	event = batch("{\"batch\":{\"type\":\"track\",\"messageId\":\"a\"}}", 1);
	assert_text(event[0].message_id, "a");
	event = batch("{\"batch\":{\"0\":null}}", 1);
	assert_string_equal(event[0].reason, "event_not_object");
}

static void
deep_nesting_is_refused(void **state)
{
	struct buf body;

	(void)state;
	buf_init(&body, 100000);
	buf_append_literal(&body, "{\"event\":\"x\",\"properties\":{\"a\":");
	for (int i = 0; i < 10000; i++)
		buf_append_byte(&body, '[');
	for (int i = 0; i < 10000; i++)
		buf_append_byte(&body, ']');
	buf_append_literal(&body, "}}");
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_TRACK, body.p), -1);
	assert_string_equal(r.code, "invalid_json");
	assert_non_null(strstr(e.text, "nested too deeply"));
	buf_free(&body);
	/* the caller sets the limit */
	assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, "{\"batch\":[{\"a\":[]}]}"), 0);
	r.max_depth = 4;
	assert_int_equal(segment_parse(&r, &e), 0);
	r.max_depth = 3;
	assert_int_equal(segment_parse(&r, &e), -1);
}

static void
a_request_is_used_again(void **state)
{
	(void)state;
	batch("{\"batch\":[{\"messageId\":\"\\u0061\"},{},{}],\"context\":{\"traits\":{\"email\":"
	      "\"a@b.c\"}},\"writeKey\":\"k\",\"sentAt\":\"2026-08-01\"}",
	    3);
	assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, "{"), -1);
	assert_null(track("{\"event\":\"x\"}")->email.p);
	assert_null(r.write_key.p);
	assert_null(r.context.p);
	assert_null(r.sent_at.p);
	assert_null(r.code);
	/* a small body after a large one still has room for all its text */
	assert_text(track("{\"event\":\"\\u0078\",\"messageId\":\"\\u0079\"}")->name, "x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_of_several_keys_counts),
		cmocka_unit_test(the_envelope_is_reported_raw),
		cmocka_unit_test(the_batchs_traits_rank_behind_the_events_own),
		cmocka_unit_test(time_is_corrected_by_the_clients_offset),
		cmocka_unit_test(a_body_sent_again_a_day_later_keeps_its_times),
		cmocka_unit_test(while_our_clock_is_unset_a_clients_word_stands),
		cmocka_unit_test(the_batchs_sent_at_may_come_before_or_behind),
		cmocka_unit_test(bodies_are_refused_with_word_and_place),
		cmocka_unit_test(members_that_are_no_events_are_kept_as_invalid),
		cmocka_unit_test(an_object_of_events_is_a_list),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(a_request_is_used_again),
	};

	return cmocka_run_group_tests_name("envelope", tests, start, stop);
}
