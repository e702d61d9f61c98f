/* event/segment/forwarded reads what event/mapping/mapping_forward writes. */
#include "lib/unit.h"

#include "event/mapping/mapping.h"
#include "event/segment/forwarded.h"
#include "unit/event/segment/segment_fixture.h"

#define BEFORE INT64_C(1785000000000) /* when the box received it */

static struct buf text;

static int
set_up(void **state)
{
	buf_init(&text, 65536);
	return start(state);
}

static int
tear_down(void **state)
{
	buf_free(&text);
	return stop(state);
}

static int
parse_forwarded(const char *body)
{
	r.body = slice_from(body);
	r.received_at = RECEIVED;
	r.max_depth = JSON_MAX_DEPTH;
	return forwarded_parse(&r, &e);
}

/* Forwards one event, and reads it at the center. */
static const struct segment_event *
forward(const struct mapping_input *in)
{
	const struct mapping_options o = { .forward = true };
	const char *reason = NULL;
	struct mapped mapped;

	buf_clear(&text);
	buf_append_slice(&text, bento_batch_head(BENTO_CENTER));
	if (mapping_append(&o, in, &text, &mapped, &reason) != 0)
		fail_msg("not forwarded: %s", reason);
	assert_int_equal(mapped.endpoint, BENTO_CENTER);
	assert_int_equal(mapped.items, 1);
	buf_append_literal(&text, BENTO_BATCH_TAIL);
	buf_append_byte(&text, '\0');
	if (parse_forwarded(text.p) != 0)
		fail_msg("%s: %s", text.p, e.text);
	assert_int_equal(r.n_events, 1);
	assert_int_equal(r.n_origins, 1);
	return &r.events[0];
}

static void
all_that_the_receipt_added_arrives(void **state)
{
	const struct mapping_input in = {
		.body = SLICE("{\"event\": \"Paid\", "
			      "\"timestamp\":\"2001-01-01T00:00:00Z\",\"type\":\"page\"}"),
		.context = SLICE("{\"traits\":{\"email\":\"ann@example.com\"},\"providers\":{}}"),
		.batch_integrations = SLICE("{\"All\":false}"),
		.message_id = SLICE("m \"1\"\\\n"),
		.occurred_at = BEFORE - 5,
		.received_at = BEFORE,
		.kind = KIND_TRACK,
		.browser = true,
		.maybe_sent = true,
	};
	const struct segment_event *event = forward(&in);
	const struct segment_origin *origin = &r.origins[0];

	(void)state;
	assert_true(slice_equals(event->body, in.body));
	assert_true(slice_equals(event->message_id, in.message_id));
	assert_int_equal(event->kind, KIND_TRACK);
	assert_text(event->name, "Paid");
	assert_text(event->email, "ann@example.com");
	assert_int_equal(event->occurred_at, BEFORE - 5);
	assert_int_equal(event->provisional, SEGMENT_TIMES_FINAL);
	assert_status(event, STATUS_PENDING, NULL);
	assert_int_equal(origin->received_at, BEFORE);
	assert_true(slice_equals(origin->context, in.context));
	assert_true(slice_equals(origin->integrations, in.batch_integrations));
	assert_true(origin->browser && origin->maybe_sent && origin->older_integrations);
}

static void
what_is_absent_stays_absent(void **state)
{
	const struct mapping_input in = {
		.body = SLICE("{\"type\":\"identify\"}"),
		.message_id = SLICE("m"),
		.kind = KIND_UNKNOWN,
	};
	const struct segment_event *event = forward(&in);
	const struct segment_origin *origin = &r.origins[0];

	(void)state;
	assert_int_equal(event->kind, KIND_IDENTIFY); /* the call's own type decides */
	assert_int_equal(event->occurred_at, 0);
	assert_null(event->email.p);
	assert_null(origin->context.p);
	assert_null(origin->integrations.p);
	assert_false(origin->browser || origin->maybe_sent || origin->older_integrations);
}

static void
a_receipt_in_the_future_becomes_now(void **state)
{
	struct mapping_input in = {
		.body = SLICE("{}"),
		.message_id = SLICE("m"),
		.received_at = RECEIVED,
		.kind = KIND_TRACK,
	};

	(void)state;
	forward(&in);
	assert_int_equal(r.origins[0].received_at, RECEIVED);
	in.received_at = RECEIVED + 1;
	forward(&in);
	assert_int_equal(r.origins[0].received_at, RECEIVED);
	/* our own clock is the one that may be behind */
	r.clock_unset = true;
	forward(&in);
	assert_int_equal(r.origins[0].received_at, RECEIVED + 1);
}

static void
events_of_bento_are_not_forwarded(void **state)
{
	static const enum event_kind kinds[] = { KIND_BENTO, KIND_SUBSCRIBER };
	const struct mapping_options o = { .forward = true };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct mapping_input in = { .body = SLICE("{}"), .kind = kinds[i] };
		const char *reason = NULL;
		struct mapped mapped;

		assert_int_equal(mapping_append(&o, &in, &text, &mapped, &reason), -1);
		assert_ptr_equal(reason, mapping_not_forwarded);
		assert_int_equal(text.n, 0);
	}
}

static void
a_full_buffer_keeps_what_it_has(void **state)
{
	const struct mapping_options o = { .forward = true };
	const struct mapping_input in = {
		.body = SLICE("{}"), .message_id = SLICE("m"), .kind = KIND_TRACK
	};
	const char *reason = "";
	struct mapped mapped;
	struct buf small;

	(void)state;
	buf_init(&small, 40);
	buf_append_literal(&small, "head");
	assert_int_equal(mapping_append(&o, &in, &small, &mapped, &reason), -1);
	assert_null(reason);
	assert_int_equal(small.n, 4);
	buf_free(&small);
}

#define GOOD "\"id\":\"m\",\"receivedAt\":1,\"occurredAt\":2,\"kind\":\"track\",\"call\":{}"

static void
a_body_is_refused_as_a_whole(void **state)
{
	static const struct {
		const char *body;
		const char *code;
	} cases[] = {
		{ "", "invalid_json" },
		{ "[]", "not_object" },
		{ "{}", "batch_missing" },
		{ "{\"events\":{}}", "batch_missing" },
		{ "{\"events\":[{" GOOD "}]", "invalid_json" },
		{ "{\"events\":[{" GOOD ",\"call\":{]}]}", "invalid_json" },
		{ "{\"events\":[{" GOOD "},7]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"id\":\"\"}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"kind\":\"bento\"}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"kind\":null}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"receivedAt\":1.5}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"receivedAt\":99999999999999999}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"occurredAt\":253402300800000}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"context\":\"x\"}]}", "invalid_event" },
		{ "{\"events\":[{" GOOD ",\"call\":[]}]}", "invalid_event" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (parse_forwarded(cases[i].body) == 0 || r.code == NULL)
			fail_msg("%s was not refused", cases[i].body);
		assert_string_equal(r.code, cases[i].code);
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(r.n_events, 0);
	}
	assert_int_equal(
	    parse_forwarded("{\"more\":1,\"events\":[{" GOOD ",\"new\":[1]}],\"events\":7}"), 0);
	assert_int_equal(r.n_events, 1);
	assert_int_equal(parse_forwarded("{\"events\":[]}"), 0);
	assert_int_equal(r.n_events + r.n_origins, 0);
}

static void
there_may_be_as_many_events_as_fit_into_memory(void **state)
{
	(void)state;
	r.max_events = 17;
	for (size_t n = 16; n <= 18; n++) {
		buf_clear(&text);
		buf_append_literal(&text, "{\"events\":[");
		for (size_t i = 0; i < n; i++)
			buf_printf(&text, "%s{" GOOD "}", i == 0 ? "" : ",");
		buf_append_literal(&text, "]}");
		buf_append_byte(&text, '\0');
		assert_int_equal(parse_forwarded(text.p), n <= 17 ? 0 : -1);
		assert_int_equal(r.n_events, n <= 17 ? n : 0);
	}
	assert_non_null(strstr(e.text, "more than 17 events"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_that_the_receipt_added_arrives),
		TEST(what_is_absent_stays_absent),
		TEST(a_receipt_in_the_future_becomes_now),
		TEST(events_of_bento_are_not_forwarded),
		TEST(a_full_buffer_keeps_what_it_has),
		TEST(a_body_is_refused_as_a_whole),
		TEST(there_may_be_as_many_events_as_fit_into_memory),
	};

	return cmocka_run_group_tests_name("forwarded", tests, NULL, NULL);
}
