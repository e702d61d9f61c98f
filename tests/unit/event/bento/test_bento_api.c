/* event/bento/bento_api: events and subscribers in Bento's own format. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "event/bento/bento_api.h"
#include "event/bento/details.h"
#include "event/mapping/mapping_bento_api.h"
#include "unit/event/segment/segment_fixture.h"

/* Returns the only event of a body, which the request holds. */
static const struct segment_event *
take(enum event_kind kind, const char *body)
{
	r.body = slice_from(body);
	r.path_kind = kind;
	r.received_at = RECEIVED;
	r.max_depth = JSON_MAX_DEPTH;
	if (bento_api_parse(&r, &e) != 0)
		fail_msg("%s: %s", body, e.text);
	return &r.events[0];
}

static void
an_event_is_taken_as_it_is(void **state)
{
	const char *body = "{ \"site_uuid\": \"u-\\u0031\", \"x\": [1], \"events\": [\n"
			   "{ \"type\" : \"$custom\\t\", \"email\":\"a@\\u0062.co\", "
			   "\"date\":\"2026-08-01T11:34:56.789Z\", \"fields\":{\"a\":1.10} } ] }";
	const struct segment_event *event = take(KIND_BENTO, body);

	(void)state;
	assert_int_equal(r.n_events, 1);
	assert_int_equal(event->kind, KIND_BENTO);
	assert_int_equal(event->status, STATUS_PENDING);
	assert_null(event->reason);
	assert_null(event->detail);
	assert_true(SLICE_IS(event->name, "$custom\t"));
	assert_true(SLICE_IS(event->email, "a@b.co"));
	assert_null(event->message_id.p);
	assert_true(event->occurred_at == CLIENT);
	assert_true(SLICE_IS(r.site_uuid, "u-1"));
	assert_int_equal(event->body.p[0], '{');
	assert_int_equal(event->body.p[event->body.n - 1], '}');
	assert_memory_equal(event->body.p, "{ \"type\" :", 10);
	assert_null(r.write_key.p);
}

static void
a_subscriber_has_an_address_and_flat_fields(void **state)
{
	const struct segment_event *event =
	    take(KIND_SUBSCRIBER, "{\"subscribers\":[{\"email\":\"a@b.co\",\"tags\":\"x,y\","
				  "\"type\":7,\"date\":\"2001-01-01\"},{\"email\":\"c@d.co\"}]}");

	(void)state;
	assert_int_equal(r.n_events, 2);
	assert_int_equal(event->kind, KIND_SUBSCRIBER);
	assert_int_equal(event->status, STATUS_PENDING);
	assert_null(event->name.p);
	assert_true(event->occurred_at == RECEIVED);
	assert_null(r.site_uuid.p);
}

#define EMAIL "\"email\":\"a@b.co\""
#define TYPED "\"type\":\"x\"," EMAIL
#define PURCHASE "\"type\":\"$purchase\"," EMAIL ",\"details\":"

static const struct {
	const char *event;
	const char *reason; /* NULL: it will be sent */
} events[] = {
	{ "{" TYPED "}", NULL },
	{ "{" EMAIL "}", "event_not_defined" },
	{ "{\"type\":null," EMAIL "}", "event_not_defined" },
	{ "{\"type\":\" \"," EMAIL "}", "event_not_defined" },
	{ "{\"type\":7," EMAIL "}", "event_not_string" },
	{ "{\"type\":\"x\"}", "no_email" },
	{ "{\"type\":\"x\",\"email\":null}", "no_email" },
	{ "{\"type\":\"x\",\"email\":\"\"}", "no_email" },
	{ "{\"type\":\"x\",\"email\":\"a\"}", "invalid_email" },
	{ "{\"type\":\"x\",\"email\":[\"a@b.co\"]}", "invalid_email" },
	{ "{" TYPED ",\"email\":\"a\"}", "invalid_email" },
	{ "{" TYPED ",\"fields\":{\"a\":1,\"b\":null}}", NULL },
	{ "{" TYPED ",\"fields\":null,\"details\":null,\"date\":null}", NULL },
	{ "{" TYPED ",\"fields\":\"a\"}", "fields_not_object" },
	{ "{" TYPED ",\"fields\":[]}", NULL },
	{ "{" TYPED ",\"fields\":{\"a\":{}}}", "fields_not_flat" },
	{ "{" TYPED ",\"fields\":{\"b\":1,\"a\":[]}}", "fields_not_flat" },
	{ "{" TYPED ",\"fields\":{\"a\":{}},\"fields\":{}}", NULL },
	{ "{" TYPED ",\"details\":{\"a\":{\"b\":[1]}},\"else\":{}}", NULL },
	{ "{" TYPED ",\"details\":7}", "details_not_object" },
	{ "{" TYPED ",\"details\":{\"unique\":{\"key\":7}}}", NULL },
	{ "{" TYPED ",\"details\":{\"unique\":7}}", NULL },
	{ "{" TYPED ",\"details\":{\"unique\":{\"key\":[7]}}}", NULL },
	{ "{" TYPED ",\"details\":{\"unique\":{\"key\":true}}}", NULL },
	{ "{" TYPED ",\"date\":\"yesterday\"}", NULL },
	/* reserved types that Bento would silently drop */
	{ "{\"type\":\"$subscribe\"," EMAIL "}", NULL },
	{ "{\"type\":\"$update_fields\"," EMAIL ",\"fields\":{\"a\":1}}", NULL },
	{ "{\"type\":\"$tag\"," EMAIL ",\"details\":{\"tag\":\"x\"}}", NULL },
	{ "{\"type\":\"$tag\"," EMAIL "}", "tag_missing" },
	{ "{\"type\":\"$remove_tag\"," EMAIL ",\"details\":{\"tag\":\" \"}}", "tag_missing" },
	{ "{\"type\":\"$tag\"," EMAIL ",\"details\":{\"tag\":7}}", "tag_missing" },
	{ "{" PURCHASE "{\"unique\":{\"key\":\"o-1\"},"
	  "\"value\":{\"currency\":\"USD\",\"amount\":1999}}}",
	    NULL },
	{ "{" PURCHASE "{\"unique\":{\"key\":7},\"value\":{\"currency\":\"USD\",\"amount\":-1}}}",
	    NULL },
	{ "{\"type\":\"$purchase\"," EMAIL "}", "purchase_key_missing" },
	{ "{" PURCHASE "{\"value\":{\"currency\":\"USD\",\"amount\":1999}}}",
	    "purchase_key_missing" },
	{ "{" PURCHASE "{\"unique\":{\"key\":\"\"},\"value\":{\"currency\":\"USD\",\"amount\":1}}}",
	    "purchase_key_missing" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},\"value\":19.99}}", "purchase_value_invalid" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},\"value\":1999}}", "purchase_value_invalid" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},\"value\":{\"amount\":1999}}}",
	    "purchase_value_invalid" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},\"value\":{\"currency\":\"USD\"}}}",
	    "purchase_value_invalid" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},"
	  "\"value\":{\"currency\":\"USD\",\"amount\":19.99}}}",
	    "purchase_value_invalid" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},\"value\":{\"currency\":\"USD\",\"amount\":1e3}}}",
	    "purchase_value_invalid" },
	{ "{" PURCHASE "{\"unique\":{\"key\":1},"
	  "\"value\":{\"currency\":\"USD\",\"amount\":\"1\"}}}",
	    "purchase_value_invalid" },
};

static struct mapping_input
input_of(const struct segment_event *event)
{
	return (struct mapping_input){
		.body = event->body,
		.name = event->name,
		.email = event->email,
		.message_id = SLICE("m-1"),
		.occurred_at = CLIENT,
		.kind = event->kind,
	};
}

/* An event gets the same decision at receipt and when it is sent: a requeue must not change it. */
static void
each_shape_is_checked(void **state)
{
	static const struct mapping_options options = { .unique_key = true, .send_date = true };

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		const struct segment_event *event;
		struct mapping_input in;
		const char *reason;
		struct mapped mapped;
		char body[1000];
		struct buf to;

		snprintf(body, sizeof(body), "{\"events\":[%s]}", events[i].event);
		event = take(KIND_BENTO, body);
		if ((event->reason == NULL) != (events[i].reason == NULL)
		    || (event->reason != NULL && strcmp(event->reason, events[i].reason) != 0))
			fail_msg("%s: %s", events[i].event, event->reason);
		assert_int_equal(
		    event->status, event->reason == NULL ? STATUS_PENDING : STATUS_INVALID);
		in = input_of(event);
		buf_init(&to, 4000);
		assert_int_equal(mapping_append(&options, &in, &to, &mapped, &reason),
		    event->reason == NULL ? 0 : -1);
		if (event->reason != NULL) {
			assert_string_equal(reason, event->reason);
			assert_int_equal(mapping_status(reason), STATUS_INVALID);
		}
		buf_free(&to);
	}
}

static void
subscribers_are_checked(void **state)
{
	static const struct {
		const char *subscriber;
		const char *reason;
	} cases[] = {
		{ "{" EMAIL "}", NULL },
		{ "{" EMAIL ",\"a\":{}}", "fields_not_flat" },
		{ "{" EMAIL ",\"tags\":[\"a\"],\"x\":[]}", NULL },
		{ "{" EMAIL ",\"fields\":{\"a\":1}}", "fields_not_flat" },
		{ "{\"first_name\":\"Ann\"}", "no_email" },
		{ "{\"email\":7}", "invalid_email" },
		{ "{}", "no_email" },
	};
	char body[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct segment_event *event;

		snprintf(body, sizeof(body), "{\"subscribers\":[%s]}", cases[i].subscriber);
		event = take(KIND_SUBSCRIBER, body);
		if (cases[i].reason == NULL)
			assert_null(event->reason);
		else
			assert_string_equal(event->reason, cases[i].reason);
	}
}

static void
a_date_that_is_none_is_noted_and_passed_on(void **state)
{
	const struct segment_event *event =
	    take(KIND_BENTO, "{\"events\":[{" TYPED ",\"date\":\"yesterday\"}]}");

	(void)state;
	assert_true(event->occurred_at == RECEIVED);
	assert_non_null(strstr(event->detail, "cannot be read as a time"));
}

static const struct {
	const char *body;
	const char *code;
	const char *text;
} refusals[] = {
	{ "", "invalid_json", "not a JSON object" },
	{ "[]", "invalid_json", "not a JSON object" },
	{ "{\"events\":[{]}", "invalid_json", "at byte" },
	{ "{\"events\":[]} x", "invalid_json", "at byte" },
	{ "{}", "batch_missing", "\"events\" is missing" },
	{ "{\"subscribers\":[]}", "batch_missing", "\"events\" is missing" },
	{ "{\"events\":{}}", "empty_batch", "\"events\" is empty" },
	{ "{\"events\":[]}", "empty_batch", "\"events\" is empty" },
	{ "{\"events\":7}", "batch_missing", "\"events\" is not an array" },
};

static void
bodies_that_hold_no_events_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		r.body = slice_from(refusals[i].body);
		r.path_kind = KIND_BENTO;
		r.max_depth = JSON_MAX_DEPTH;
		assert_int_equal(bento_api_parse(&r, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_string_equal(r.code, refusals[i].code);
		if (strstr(e.text, refusals[i].text) == NULL)
			fail_msg("%s: %s", refusals[i].body, e.text);
		assert_int_equal(r.n_events, 0);
	}
}

static void
limits_hold_here_too(void **state)
{
	static const char body[] = "{\"events\":[{" TYPED "}]}";
	size_t n = sizeof("{" TYPED "}") - 1;

	(void)state;
	for (size_t max = n - 1; max <= n + 1; max++) {
		r.max_event = max;
		take(KIND_BENTO, body);
		assert_int_equal(r.events[0].status, max < n ? STATUS_INVALID : STATUS_PENDING);
		if (max < n)
			assert_string_equal(r.events[0].reason, "event_too_large");
	}
	segment_request_free(&r);
	r.max_depth = JSON_MAX_DEPTH;
	r.path_kind = KIND_BENTO;
	r.max_events = 2;
	r.body = SLICE("{\"events\":[{},{}]}");
	assert_int_equal(bento_api_parse(&r, &e), 0);
	r.body = SLICE("{\"events\":[{},{},{}]}");
	assert_int_equal(bento_api_parse(&r, &e), -1);
	assert_string_equal(r.code, "too_many_events");
}

static const struct {
	const char *event;
	bool key;
	bool date;
	const char *sent; /* NULL: unchanged */
	bool keyed;
} passed[] = {
	{ "{ \"type\":\"x\" , " EMAIL ",\"n\":1.10 }", false, false,
	    "{\"type\":\"x\"," EMAIL ",\"n\":1.10}", false },
	{ "{" TYPED "}", true, true,
	    "{" TYPED ",\"details\":{\"unique\":{\"key\":\"m-1\"}},"
	    "\"date\":\"2026-08-01T11:34:56.789Z\"}",
	    true },
	{ "{\"details\":{\"a\":1} ," TYPED "}", true, false,
	    "{\"details\":{\"a\":1,\"unique\":{\"key\":\"m-1\"}}," TYPED "}", true },
	{ "{" TYPED ",\"details\":{ }}", true, false,
	    "{" TYPED ",\"details\":{ \"unique\":{\"key\":\"m-1\"}}}", true },
	{ "{" TYPED ",\"details\":null}", true, false,
	    "{" TYPED ",\"details\":{\"unique\":{\"key\":\"m-1\"}}}", true },
	{ "{" TYPED ",\"details\":{\"unique\":{\"key\":7}}}", true, false, NULL, true },
	{ "{" TYPED ",\"details\":{\"unique\":null}}", true, false,
	    "{" TYPED ",\"details\":{\"unique\":{\"key\":\"m-1\"}}}", true },
	{ "{" TYPED ",\"details\":{\"unique\":{\"key\":\"\"}}}", false, false, NULL, false },
	{ "{" TYPED ",\"details\":7,\"details\":{}}", true, false,
	    "{" TYPED ",\"details\":{\"unique\":{\"key\":\"m-1\"}}}", true },
	{ "{" TYPED ",\"details\":[],\"fields\":[]}", false, false,
	    "{" TYPED ",\"details\":{},\"fields\":{}}", false },
	{ "{" TYPED ",\"fields\":null}", false, false, NULL, false },
	{ "{\"type\":\"$purchase\"," EMAIL
	  ",\"details\":{\"value\":{\"amount\":80.0,\"currency\":\"USD\"},\"unique\":{\"key\":7}}}",
	    true, false,
	    "{\"type\":\"$purchase\"," EMAIL
	    ",\"details\":{\"value\":{\"amount\":80,\"currency\":\"USD\"},\"unique\":{\"key\":7}}}",
	    true },
	{ "{" TYPED ",\"date\":\"2026-08-01T12:34:56.789+01:00\"}", false, true, NULL, false },
	{ "{" TYPED ",\"date\":\"yesterday\"}", false, true,
	    "{" TYPED ",\"date\":\"2026-08-01T11:34:56.789Z\"}", false },
	{ "{" TYPED ",\"date\":\"yesterday\"}", false, false, NULL, false },
	{ "{" TYPED ",\"date\":null}", false, true,
	    "{" TYPED ",\"date\":\"2026-08-01T11:34:56.789Z\"}", false },
	{ "{" TYPED ",\"date\":null}", false, false, "{" TYPED "}", false },
};

static void
events_are_passed_on_with_what_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++) {
		struct mapping_options o = { .unique_key = passed[i].key,
			.send_date = passed[i].date };
		const char *want = passed[i].sent == NULL ? passed[i].event : passed[i].sent;
		const char *reason;
		struct mapping_input in;
		struct mapped mapped;
		char body[1000];
		struct buf to;

		snprintf(body, sizeof(body), "{\"events\":[%s]}", passed[i].event);
		in = input_of(take(KIND_BENTO, body));
		for (size_t room = 1; room <= strlen(want) + 1; room++) {
			buf_init(&to, room + 3);
			buf_append_literal(&to, "abc");
			if ((mapping_append(&o, &in, &to, &mapped, &reason) == 0)
			    != (room >= strlen(want)))
				fail_msg("%s: %s", want, reason);
			if (room < strlen(want)) {
				assert_int_equal(to.n, 3);
				assert_null(reason);
			} else if (to.n != strlen(want) + 3
				   || memcmp(to.p + 3, want, strlen(want)) != 0) {
				fail_msg("%.*s", (int)to.n, to.p);
			}
			buf_free(&to);
		}
		assert_int_equal(mapped.endpoint, BENTO_EVENTS);
		assert_int_equal(mapped.items, 1);
		assert_int_equal(mapping_has_key(&o, &in), passed[i].keyed);
	}
}

/* A client's retry and a chain of spoolers must store an event only once. */
static void
the_unique_key_is_the_message_id(void **state)
{
	static const struct {
		const char *event;
		const char *id; /* NULL: none */
	} rows[] = {
		{ TYPED ",\"details\":{\"unique\":{\"key\":\"k-1\"}}", "k-1" },
		{ TYPED ",\"details\":{\"unique\":{\"key\":\"k\\u002d1\"}}", "k-1" },
		{ TYPED ",\"details\":{\"unique\":{\"key\":1234}}", "1234" },
		{ TYPED, NULL },
		{ PURCHASE "{\"unique\":{\"key\":\"o-1\"}}", "o-1:purchase" },
		{ PURCHASE "{\"unique\":{\"key\":\"o\\u002d1\"}}", "o-1:purchase" },
	};
	char body[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct segment_event *event;

		snprintf(body, sizeof(body), "{\"events\":[{%s}]}", rows[i].event);
		event = take(KIND_BENTO, body);
		if (rows[i].id == NULL)
			assert_null(event->message_id.p);
		else if (!slice_equals(event->message_id, slice_from(rows[i].id)))
			fail_msg("%s: %.*s", rows[i].event, (int)event->message_id.n,
			    event->message_id.p);
	}
}

/* PHP's SDK posts one object where a list is documented, Ruby's older one a hash. */
static void
an_object_of_events_is_a_list(void **state)
{
	(void)state;
	take(KIND_BENTO, "{\"events\":{" TYPED ",\"date\":null}}");
	assert_int_equal(r.n_events, 1);
	assert_int_equal(r.events[0].status, STATUS_PENDING);
	take(KIND_BENTO, "{\"events\":{\"0\":{" TYPED "},\"1\":null}}");
	assert_int_equal(r.n_events, 2);
	assert_string_equal(r.events[1].reason, "event_not_object");
}

static void
expect_sent(const char *list, enum event_kind kind, const char *email, const char *want)
{
	struct mapping_options o = { .unique_key = kind == KIND_BENTO };
	struct mapping_input in = input_of(take(kind, list));
	const char *reason;
	struct mapped mapped;
	struct buf to;

	buf_init(&to, 1000);
	in.email = slice_from(email);
	assert_int_equal(mapping_append(&o, &in, &to, &mapped, &reason), 0);
	assert_int_equal(mapped.endpoint, kind == KIND_BENTO ? BENTO_EVENTS : BENTO_SUBSCRIBERS);
	if (!slice_equals(buf_slice(&to), slice_from(want)))
		fail_msg("%.*s", (int)to.n, to.p);
	buf_free(&to);
}

static void
subscribers_go_as_they_are(void **state)
{
	(void)state;
	expect_sent("{\"subscribers\":[{ " EMAIL ", \"n\":1.10 }]}", KIND_SUBSCRIBER, "a@b.co",
	    "{" EMAIL ",\"n\":1.10}");
	expect_sent("{\"subscribers\":[{" EMAIL
		    ",\"tags\":[\"a\",\"b\"],\"remove_tags\":[],\"x\":[\"c\",\"d\"],\"y\":[]}]}",
	    KIND_SUBSCRIBER, "a@b.co", "{" EMAIL ",\"tags\":\"a,b\",\"x\":\"c, d\"}");
	expect_sent("{\"subscribers\":[{" EMAIL ",\"tags\":[\"Doe, Jane\"]}]}", KIND_SUBSCRIBER,
	    "a@b.co", "{" EMAIL ",\"tags\":[\"Doe, Jane\"]}");
}

/* The outbox decides on the address that an event goes to. */
static void
an_address_that_was_changed_is_the_one_sent(void **state)
{
	(void)state;
	expect_sent("{\"subscribers\":[{\"email\":\"a@\\u0062.co\"}]}", KIND_SUBSCRIBER, "a@b.co",
	    "{\"email\":\"a@\\u0062.co\"}");
	expect_sent("{\"subscribers\":[{" EMAIL ",\"x\":1}]}", KIND_SUBSCRIBER, "n@b.co",
	    "{\"email\":\"n@b.co\",\"x\":1}");
	expect_sent("{\"subscribers\":[{\"email\":7}]}", KIND_SUBSCRIBER, "n@b.co",
	    "{\"email\":\"n@b.co\"}");
	expect_sent("{\"subscribers\":[{ }]}", KIND_SUBSCRIBER, "n@b.co", "{\"email\":\"n@b.co\"}");
	expect_sent("{\"subscribers\":[{\"x\":1}]}", KIND_SUBSCRIBER, "n@b.co",
	    "{\"x\":1,\"email\":\"n@b.co\"}");
	expect_sent("{\"events\":[{\"details\":{}," TYPED "}]}", KIND_BENTO, "n@b.co",
	    "{\"details\":{\"unique\":{\"key\":\"m-1\"}},\"type\":\"x\",\"email\":\"n@b.co\"}");
	expect_sent("{\"events\":[{" TYPED ",\"details\":{}}]}", KIND_BENTO, "n@b.co",
	    "{\"type\":\"x\",\"email\":\"n@b.co\",\"details\":{\"unique\":{\"key\":\"m-1\"}}}");
}

/* A sender on Segment's paths cannot make one of Bento's own events by its type. */
static void
segments_paths_know_no_bento_api_kinds(void **state)
{
	static const char *const types[] = { "bento", "subscriber", "Bento" };
	char body[200];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(body, sizeof(body), "{\"batch\":[{\"type\":\"%s\"," EMAIL "}]}", types[i]);
		assert_int_equal(parse(SEGMENT_BATCH, KIND_UNKNOWN, body), 0);
		assert_int_equal(r.events[0].kind, KIND_UNKNOWN);
		assert_int_equal(r.events[0].status, STATUS_UNSUPPORTED);
	}
}

static void
reserved_types_are_known(void **state)
{
	(void)state;
	assert_null(details_fault(SLICE("x"), SLICE_NONE));
	assert_string_equal(details_fault(SLICE("$tag"), SLICE_NONE), "tag_missing");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_is_taken_as_it_is),
		TEST(a_subscriber_has_an_address_and_flat_fields),
		TEST(each_shape_is_checked),
		TEST(subscribers_are_checked),
		TEST(a_date_that_is_none_is_noted_and_passed_on),
		TEST(bodies_that_hold_no_events_are_refused),
		TEST(limits_hold_here_too),
		TEST(events_are_passed_on_with_what_is_missing),
		TEST(the_unique_key_is_the_message_id),
		TEST(an_object_of_events_is_a_list),
		TEST(subscribers_go_as_they_are),
		TEST(an_address_that_was_changed_is_the_one_sent),
		TEST(segments_paths_know_no_bento_api_kinds),
		TEST(reserved_types_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
