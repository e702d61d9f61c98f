/* event/segment: the ids of the person that an event is about. */
#include "lib/unit.h"

#include <string.h>

#include "unit/event/segment/segment_fixture.h"

static void
ids_are_strings_or_numbers(void **state)
{
	const struct segment_event *event;

	(void)state;
	event = track("{\"userId\":\"u-1\",\"anonymousId\":\"a-1\"}");
	assert_text(event->user_id, "u-1");
	assert_text(event->anonymous_id, "a-1");
	assert_null(event->previous_id.p);
	event = track("{\"userId\":1491926160718000000,\"anonymousId\":1e2}");
	assert_text(event->user_id, "1491926160718000000");
	assert_text(event->anonymous_id, "1e2");
	event = track("{\"user\\u0049d\":\"\\u00fc\\n1\",\"\\u0061nonymousId\":\"a\\/b\"}");
	assert_text(event->user_id, "\xc3\xbc\n1");
	assert_text(event->anonymous_id, "a/b");
	event = track("{\"userId\":\"first\",\"userId\":\"last\"}");
	assert_text(event->user_id, "last");
}

static void
what_names_nobody_is_no_id(void **state)
{
	static const char *const values[] = { "\"\"", "null", "\"  \"", "\"\\t\\n\"", "true",
		"{\"a\":1}", "[\"u\"]" };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct buf body;

		buf_init(&body, 200);
		buf_printf(&body, "{\"userId\":%s,\"anonymousId\":%s}", values[i], values[i]);
		track(body.p);
		assert_null(r.events[0].user_id.p);
		assert_null(r.events[0].anonymous_id.p);
		buf_free(&body);
	}
	assert_null(track("{}")->user_id.p);
}

static void
expect_length(const char *character, size_t n, size_t want)
{
	struct buf body;

	buf_init(&body, 4000);
	buf_append_literal(&body, "{\"anonymousId\":\"");
	for (size_t i = 0; i < n; i++)
		buf_printf(&body, "%s", character);
	buf_append_literal(&body, "\"}");
	assert_int_equal(track(body.p)->anonymous_id.n, want);
	buf_free(&body);
}

static void
an_id_may_be_as_long_as_its_limit(void **state)
{
	(void)state;
	expect_length("x", 254, 254);
	expect_length("x", 255, 255);
	expect_length("x", 256, 0);
	expect_length("\\u0078", 255, 255);
	expect_length("\\u0078", 256, 0);
}

/* The decoded text serves as id and as address, because scratch has room for only one copy. */
static void
an_address_as_user_id_is_both(void **state)
{
	struct buf body;

	(void)state;
	buf_init(&body, 400);
	buf_append_literal(&body, "{\"userId\":\"");
	for (int i = 0; i < 200; i++)
		buf_append_byte(&body, 'a');
	buf_append_literal(&body, "\\u0040b.com\"}");
	track(body.p);
	assert_int_equal(r.events[0].email.n, 206);
	assert_int_equal(r.events[0].user_id.n, 206);
	assert_memory_equal(r.events[0].user_id.p, r.events[0].email.p, 206);
	buf_free(&body);
}

/* An address of the batch ranks before an address in userId, which stays an id. */
static void
another_address_leaves_the_id(void **state)
{
	const struct segment_event *event;

	(void)state;
	event = batch("{\"batch\":[{\"type\":\"track\",\"event\":\"x\",\"userId\":\"u@b.co\"}],"
		      "\"context\":{\"traits\":{\"email\":\"c@b.co\"}}}",
	    1);
	assert_text(event->email, "c@b.co");
	assert_text(event->user_id, "u@b.co");
}

static void
an_alias_has_a_previous_id(void **state)
{
	static const char body[] = "{\"previousId\":\"a-1\",\"userId\":\"u-1\"}";

	(void)state;
	assert_null(track(body)->previous_id.p);
	assert_int_equal(parse(SEGMENT_SINGLE, KIND_ALIAS, body), 0);
	assert_text(r.events[0].previous_id, "a-1");
	assert_text(r.events[0].user_id, "u-1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_strings_or_numbers),
		cmocka_unit_test(what_names_nobody_is_no_id),
		cmocka_unit_test(an_id_may_be_as_long_as_its_limit),
		cmocka_unit_test(an_address_as_user_id_is_both),
		cmocka_unit_test(another_address_leaves_the_id),
		cmocka_unit_test(an_alias_has_a_previous_id),
	};

	return cmocka_run_group_tests_name("segment ids", tests, start, stop);
}
