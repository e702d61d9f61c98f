/* dispatch/port/composer on event/mapping: what one step says of an event. */
#include "lib/unit.h"

#include "dispatch/port/composer.h"

static const struct mapping_options options = { .unique_key = true };

static struct outbox_event
track(const char *body)
{
	return (struct outbox_event){
		.kind = KIND_TRACK,
		.name = SLICE("Signed Up"),
		.email = SLICE("ann@example.com"),
		.message_id = SLICE("m-1"),
		.body = slice_from(body),
	};
}

static void
an_event_is_appended_with_its_endpoint_and_items(void **state)
{
	struct outbox_event event = track("{\"properties\":{\"a\":1}}");
	struct composed composed;
	struct buf to;

	(void)state;
	buf_init(&to, 1000);
	composed = composer_mapping.compose(&options, &event, &to);
	assert_int_equal(composed.how, COMPOSED);
	assert_int_equal(composed.endpoint, BENTO_EVENTS);
	assert_int_equal(composed.items, 1);
	assert_string_equal(to.p, "{\"type\":\"Signed Up\",\"email\":\"ann@example.com\","
				  "\"details\":{\"a\":1,\"unique\":{\"key\":\"m-1\"}}}");
	assert_true(composer_mapping.has_key(&options, &event));
	buf_free(&to);
}

static void
a_refusal_has_a_reason_and_a_status(void **state)
{
	struct outbox_event event = track("{\"properties\":7}");
	struct composed composed;
	struct buf to;

	(void)state;
	buf_init(&to, 1000);
	buf_append_literal(&to, "before");
	composed = composer_mapping.compose(&options, &event, &to);
	assert_int_equal(composed.how, COMPOSED_NEVER);
	assert_string_equal(composed.reason, "properties_not_object");
	assert_int_equal(composed.status, STATUS_INVALID);
	event.kind = KIND_DELETE;
	composed = composer_mapping.compose(&options, &event, &to);
	assert_int_equal(composed.how, COMPOSED_NEVER);
	assert_int_equal(composed.status, STATUS_UNSUPPORTED);
	assert_string_equal(to.p, "before");
	buf_free(&to);
}

static void
without_room_nothing_is_appended(void **state)
{
	struct outbox_event event = track("{\"properties\":{\"a\":1}}");
	struct buf to;
	size_t n;

	(void)state;
	buf_init(&to, 1000);
	composer_mapping.compose(&options, &event, &to);
	n = to.n;
	buf_free(&to);
	buf_init(&to, n);
	assert_int_equal(composer_mapping.compose(&options, &event, &to).how, COMPOSED);
	buf_free(&to);
	buf_init(&to, n - 1);
	assert_int_equal(composer_mapping.compose(&options, &event, &to).how, COMPOSED_NO_ROOM);
	assert_int_equal(to.n, 0);
	buf_free(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_appended_with_its_endpoint_and_items),
		cmocka_unit_test(a_refusal_has_a_reason_and_a_status),
		cmocka_unit_test(without_room_nothing_is_appended),
	};

	return cmocka_run_group_tests_name("composer", tests, NULL, NULL);
}
