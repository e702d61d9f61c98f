/* event/mapping: what Bento gets for the calls of Segment's clients. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "event/json/json.h"
#include "event/mapping/mapping.h"

#define AT INT64_C(1785587696789) /* 2026-08-01T12:34:56.789Z */

static const struct mapping_options plain = { .unique_key = false, .send_date = false };
static const struct mapping_options unique = { .unique_key = true, .send_date = false };
static const struct mapping_options full = { .unique_key = true, .send_date = true };

static struct mapping_input
input(const char *body)
{
	return (struct mapping_input){ .body = slice_from(body),
		.name = SLICE("Signed Up"),
		.email = SLICE("a@b.c"),
		.message_id = SLICE("m-1"),
		.occurred_at = AT };
}

static void
expect(const struct mapping_options *o, const struct mapping_input *in, const char *want)
{
	const char *reason = "untouched";
	struct mapped mapped = { .endpoint = BENTO_COMMANDS };
	struct json_value value;
	struct buf to;
	struct json j;

	buf_init(&to, 100000);
	buf_append_literal(&to, "before,");
	assert_int_equal(mapping_append(o, in, &to, &mapped, &reason), 0);
	assert_int_equal(mapped.endpoint, BENTO_EVENTS);
	assert_int_equal(mapped.items, 1);
	assert_null(reason);
	assert_memory_equal(to.p, "before,", 7);
	assert_string_equal(to.p + 7, want);
	json_init(&j, slice_from(to.p + 7), JSON_MAX_DEPTH);
	assert_int_equal(json_skip(&j, &value), 0);
	assert_int_equal(json_finish(&j), 0);
	buf_free(&to);
}

static void
expect_body(const struct mapping_options *o, const char *body, const char *want)
{
	struct mapping_input in = input(body);

	expect(o, &in, want);
}

#define HEAD "{\"type\":\"Signed Up\",\"email\":\"a@b.c\""
#define UNIQUE "\"unique\":{\"key\":\"m-1\"}"

static void
properties_are_copied_byte_for_byte(void **state)
{
	static const char properties[] =
	    "{ \"big\" : 1491926160718000000,\n\t\"money\":1.10, \"e\":1E400,\"dup\":1,\"dup\":2,"
	    "\"text\":\"\\u00e9\\/ \xc3\xa9\",\"nest\":[{\"a\":[]}] }";
	char body[512], want[512];

	(void)state;
	snprintf(body, sizeof(body), "{\"x\":1,\"properties\" : %s }", properties);
	snprintf(want, sizeof(want), HEAD ",\"details\":%s}", properties);
	expect_body(&plain, body, want);
	snprintf(want, sizeof(want), HEAD ",\"details\":%.*s," UNIQUE "}}",
	    (int)sizeof(properties) - 2, properties);
	expect_body(&unique, body, want);
}

static void
the_unique_key_disturbs_nothing(void **state)
{
	(void)state;
	expect_body(&unique, "{\"properties\":{}}", HEAD ",\"details\":{" UNIQUE "}}");
	expect_body(&unique, "{\"properties\":{ \n}}", HEAD ",\"details\":{ \n" UNIQUE "}}");
	expect_body(
	    &unique, "{\"properties\":{\"a\":1 }}", HEAD ",\"details\":{\"a\":1 ," UNIQUE "}}");
	expect_body(&unique, "{}", HEAD ",\"details\":{" UNIQUE "}}");
	expect_body(&unique, "{\"properties\":null}", HEAD ",\"details\":{" UNIQUE "}}");
	expect_body(&plain, "{\"properties\":{}}", HEAD ",\"details\":{}}");
	expect_body(&plain, "{}", HEAD "}");
	expect_body(&plain, "{\"properties\":null}", HEAD "}");
}

static void
a_unique_of_their_own_stays(void **state)
{
	static const char *const theirs[] = { "{\"unique\":{\"key\":7}}",
		"{\"a\":1,\"\\u0075nique\":{\"k\\u0065y\":\"x\"}}" };
	char body[128], want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++) {
		snprintf(body, sizeof(body), "{\"properties\":%s}", theirs[i]);
		snprintf(want, sizeof(want), HEAD ",\"details\":%s}", theirs[i]);
		expect_body(&unique, body, want);
	}
	/* elsewhere `unique` is an ordinary key */
	expect_body(&unique, "{\"unique\":1,\"properties\":{\"a\":{\"unique\":1}}}",
	    HEAD ",\"details\":{\"a\":{\"unique\":1}," UNIQUE "}}");
	/* only the last properties count */
	expect_body(&unique, "{\"properties\":{\"unique\":1},\"properties\":{}}",
	    HEAD ",\"details\":{" UNIQUE "}}");
}

/* A `unique` that Bento cannot use is kept beside the added key. */
static void
a_unique_that_is_no_key_gets_one(void **state)
{
	static const struct {
		const char *theirs;
		const char *sent;
	} rows[] = {
		{ "true", ",\"value\":true" },
		{ "\"o-1\"", ",\"value\":\"o-1\"" },
		{ "7", ",\"value\":7" },
		{ "null", "" },
		{ "[]", "" },
		{ "{}", "" },
		{ "{\"key\":null}", ",\"value\":{\"key\":null}" },
		{ "{\"key\":{\"a\":1}}", ",\"value\":{\"key\":{\"a\":1}}" },
		{ "{\"key\":\"\"}", ",\"value\":{\"key\":\"\"}" },
		{ "{\"key\":\"\\u0020\"}", ",\"value\":{\"key\":\"\\u0020\"}" },
	};
	char body[200], want[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body), "{\"properties\":{\"a\":1,\"unique\":%s,\"b\":2}}",
		    rows[i].theirs);
		snprintf(want, sizeof(want),
		    HEAD ",\"details\":{\"a\":1,\"unique\":{\"key\":\"m-1\"%s},\"b\":2}}",
		    rows[i].sent);
		expect_body(&unique, body, want);
		snprintf(want, sizeof(want), HEAD ",\"details\":{\"a\":1,\"unique\":%s,\"b\":2}}",
		    rows[i].theirs);
		expect_body(&plain, body, want);
	}
}

static void
without_a_message_id_there_is_no_key(void **state)
{
	struct mapping_input in = input("{\"properties\":{}}");

	(void)state;
	in.message_id = SLICE_NONE;
	expect(&unique, &in, HEAD ",\"details\":{}}");
	in.body = SLICE("{}");
	expect(&unique, &in, HEAD "}");
	in.message_id = SLICE("");
	expect(&unique, &in, HEAD "}");
}

static void
names_come_with_the_address(void **state)
{
	(void)state;
	expect_body(&plain,
	    "{\"context\":{\"traits\":{\"email\":\"a@b.c\",\"firstName\":\"Ann\"}},"
	    "\"properties\":{\"email\":\"bob@b.c\",\"firstName\":\"Bob\",\"lastName\":\"B\"}}",
	    HEAD ",\"fields\":{\"first_name\":\"Ann\"},\"details\":{\"email\":\"bob@b.c\","
		 "\"firstName\":\"Bob\",\"lastName\":\"B\"}}");
	expect_body(&plain,
	    "{\"email\":\"A@B.c\",\"firstName\":\"A\\u006en\",\"last_name\":\"\xc3\x96\"}",
	    HEAD ",\"fields\":{\"first_name\":\"A\\u006en\",\"last_name\":\"\xc3\x96\"}}");
	expect_body(&plain, "{\"email\":\"a@b.c\",\"firstName\":7,\"lastName\":\"\"}", HEAD "}");
	expect_body(&plain,
	    "{\"userId\":\"a\\u0040b.c\",\"context\":{\"traits\":{\"lastName\":\"O\"}}}",
	    HEAD ",\"fields\":{\"last_name\":\"O\"}}");
}

static void
the_batch_describes_its_events(void **state)
{
	struct mapping_input in =
	    input("{\"properties\":{\"email\":\"p@x.io\",\"firstName\":\"P\"}}");

	(void)state;
	in.context = SLICE("{\"traits\":{\"email\":\"a@b.c\",\"firstName\":\"Batch\"}}");
	expect(&plain, &in,
	    HEAD ",\"fields\":{\"first_name\":\"Batch\"},\"details\":{\"email\":\"p@x.io\","
		 "\"firstName\":\"P\"}}");
	in.body = SLICE("{\"context\":{\"traits\":{\"email\":\"a@b.c\",\"firstName\":\"Own\"}}}");
	expect(&plain, &in, HEAD ",\"fields\":{\"first_name\":\"Own\"}}");
	in.context = SLICE("null");
	expect(&plain, &in, HEAD ",\"fields\":{\"first_name\":\"Own\"}}");
}

static void
another_address_takes_no_names_along(void **state)
{
	struct mapping_input in = input("{\"email\":\"old@x.io\",\"firstName\":\"Old\"}");

	(void)state;
	expect(&plain, &in, HEAD "}");
	in.body = SLICE("{\"email\":\"a@b.com\",\"firstName\":\"Old\"}");
	expect(&plain, &in, HEAD "}");
	/* the event had no address, and an identify call gave one: its context is about the
	 * same person */
	in.body = SLICE("{\"context\":{\"traits\":{\"firstName\":\"Ann\"}}}");
	expect(&plain, &in, HEAD ",\"fields\":{\"first_name\":\"Ann\"}}");
}

static void
columns_are_printed_as_json(void **state)
{
	struct mapping_input in = input("{}");

	(void)state;
	in.name = SLICE("say \"hi\"\n\xc3\xa9");
	in.email = SLICE("o\\'neil@x.ie");
	in.message_id = SLICE("\x01\"");
	expect(&full, &in,
	    "{\"type\":\"say \\\"hi\\\"\\n\xc3\xa9\",\"email\":\"o\\\\'neil@x.ie\","
	    "\"details\":{\"unique\":{\"key\":\"\\u0001\\\"\"}},"
	    "\"date\":\"2026-08-01T12:34:56.789Z\"}");
}

static void
expect_reason(const struct mapping_input *in, const char *want)
{
	const char *reason = NULL;
	struct mapped mapped;
	struct buf to;

	buf_init(&to, 1000);
	buf_append_literal(&to, "before");
	assert_int_equal(mapping_append(&full, in, &to, &mapped, &reason), -1);
	assert_non_null(reason);
	assert_string_equal(reason, want);
	assert_string_equal(to.p, "before");
	assert_false(to.failed);
	buf_free(&to);
}

static void
what_cannot_become_an_event_says_why(void **state)
{
	static const char *const wrong[] = { "[7]", "\"{}\"", "1", "true", "[{}]" };
	struct mapping_input in;
	char body[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(body, sizeof(body), "{\"properties\":%s}", wrong[i]);
		in = input(body);
		expect_reason(&in, "properties_not_object");
	}
	in = input("{}");
	in.body = SLICE_NONE;
	expect_reason(&in, "body_removed");
	in = input("{}");
	in.name = SLICE(" \t");
	expect_reason(&in, "event_not_defined");
	in.name = SLICE_NONE;
	expect_reason(&in, "event_not_defined");
	in = input("{}");
	in.email = SLICE_NONE;
	expect_reason(&in, "no_email");
	assert_int_equal(mapping_status("no_email"), STATUS_INVALID);
	in = input("{}");
	in.kind = KIND_PAGE;
	expect_reason(&in, "unsupported_event_type");
	assert_int_equal(mapping_status("unsupported_event_type"), STATUS_UNSUPPORTED);
	in = input("{\"properties\":{}");
	expect_reason(&in, "body_not_json");
	in = input("[]");
	expect_reason(&in, "body_not_json");
	in = input("{}");
	in.context = SLICE("{");
	expect_reason(&in, "body_not_json");
}

/* The buffer has every size, from too small to larger than needed. */
static void
a_full_buffer_is_left_as_it_was(void **state)
{
	struct mapping_input in = input("{\"properties\":{\"a\":1}}");
	const char *reason;
	struct mapped mapped;
	struct buf to;
	size_t need;

	(void)state;
	buf_init(&to, 1000);
	assert_int_equal(mapping_append(&full, &in, &to, &mapped, &reason), 0);
	need = to.n;
	buf_free(&to);
	for (size_t room = 1; room <= need + 1; room++) {
		buf_init(&to, room + 3);
		buf_append_literal(&to, "abc");
		assert_int_equal(
		    mapping_append(&full, &in, &to, &mapped, &reason), room < need ? -1 : 0);
		assert_null(reason);
		assert_false(to.failed);
		assert_int_equal(to.n, room < need ? 3 : 3 + need);
		assert_memory_equal(to.p, "abc", 3);
		buf_free(&to);
	}
}

static void
options_read_what_they_print(void **state)
{
	static const char *const bad[] = { "", "{}", "null", "{\"unique_key\":true}",
		"{\"unique_key\":true,\"send_date\":1}", "{\"unique_key\":true,\"send_date\":true,",
		"{\"unique_key\":true,\"send_date\":true,\"more\":true}",
		"{\"unique_key\":true,\"send_date\":true} x",
		"{\"unique_key\":true,\"unique_key\":true}" };
	struct mapping_options o;
	struct buf text;

	(void)state;
	buf_init(&text, 1000);
	for (int i = 0; i < 4; i++) {
		const struct mapping_options in = { .unique_key = (i & 1) != 0,
			.send_date = (i & 2) != 0 };

		buf_clear(&text);
		mapping_describe(&in, &text);
		assert_null(strchr(text.p, '\n'));
		assert_int_equal(mapping_parse(buf_slice(&text), &o), 0);
		assert_int_equal(o.unique_key, in.unique_key);
		assert_int_equal(o.send_date, in.send_date);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(mapping_parse(slice_from(bad[i]), &o), -1);
	buf_free(&text);
}

static void
expect_key(const struct mapping_options *o, const char *body, bool has)
{
	struct mapping_input in = { .body = slice_from(body), .message_id = SLICE("m-1") };

	if (mapping_has_key(o, &in) != has)
		fail_msg("%s", body);
}

static void
it_is_known_whether_a_repeat_can_be_dropped(void **state)
{
	(void)state;
	expect_key(&unique, "{}", true);
	expect_key(&plain, "{}", false);
	expect_key(&unique, "{\"properties\":null}", true);
	expect_key(&plain, "{\"properties\":{\"unique\":{\"key\":7}}}", true);
	expect_key(&plain, "{\"properties\":{\"unique\":{\"key\":\"a\"}}}", true);
	expect_key(&unique, "{\"properties\":{\"unique\":{\"key\":\"\"}}}", true);
	expect_key(&plain, "{\"properties\":{\"unique\":{\"key\":\" \"}}}", false);
	expect_key(&plain, "{\"properties\":{\"unique\":{\"key\":null}}}", false);
	expect_key(&plain, "{\"properties\":{\"unique\":{}}}", false);
	expect_key(&plain, "{\"properties\":{\"unique\":5}}", false);
	expect_key(&unique, "{\"unique\":{\"key\":\"\"}}", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_are_copied_byte_for_byte),
		cmocka_unit_test(the_unique_key_disturbs_nothing),
		cmocka_unit_test(a_unique_of_their_own_stays),
		cmocka_unit_test(a_unique_that_is_no_key_gets_one),
		cmocka_unit_test(without_a_message_id_there_is_no_key),
		cmocka_unit_test(names_come_with_the_address),
		cmocka_unit_test(the_batch_describes_its_events),
		cmocka_unit_test(another_address_takes_no_names_along),
		cmocka_unit_test(columns_are_printed_as_json),
		cmocka_unit_test(what_cannot_become_an_event_says_why),
		cmocka_unit_test(a_full_buffer_is_left_as_it_was),
		cmocka_unit_test(options_read_what_they_print),
		cmocka_unit_test(it_is_known_whether_a_repeat_can_be_dropped),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
