/* Batches for three endpoints, events with several items, and Bento's counts of them. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "dispatch/queue/fill.h"
#include "unit/dispatch/dispatch_rig.h"

/* Adds an event of the fake composer: the letters before its text choose what it becomes. */
static int64_t
add(struct rig *r, const char *body, const char *email)
{
	int64_t id = fake_outbox_add(r->outbox, RIG_SITE, body);

	fake_outbox_event(r->outbox, id)->email = email;
	dispatcher_wake(r->dispatcher);
	return id;
}

static void
begin(struct rig *r, unsigned batch_events)
{
	rig_init(r);
	r->site.batch_events = batch_events;
	rig_start(r);
}

static void
expect_request(struct rig *r, size_t i, const char *path, const char *body)
{
	char url[200];

	assert_int_equal(rig_requests(r), i + 1);
	snprintf(url, sizeof(url), "http://bento.invalid/api/v1%s?site_uuid=u-1", path);
	assert_string_equal(r->transport->requests[i]->request.url, url);
	assert_string_equal(rig_body(r, i), body);
}

static void
each_endpoint_has_its_path_and_frame(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 3);
	add(&r, "s1", NULL);
	add(&r, "2", NULL);
	add(&r, "c3", NULL);
	rig_settle(&r);
	expect_request(&r, 0, "/batch/subscribers", "{\"subscribers\":[1]}");
	rig_answer(&r, 200, "{\"results\":1,\"failed\":0}");
	expect_request(&r, 1, "/batch/events", "{\"events\":[2]}");
	rig_answer(&r, 200, "{\"results\":1,\"failed\":0}");
	expect_request(&r, 2, "/fetch/commands", "{\"command\":[3]}");
	rig_answer(&r, 200, "{\"results\":1}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 3);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->endpoint, BENTO_SUBSCRIBERS);
	assert_int_equal(fake_outbox_attempt(r.outbox, 2)->endpoint, BENTO_EVENTS);
	assert_int_equal(fake_outbox_attempt(r.outbox, 3)->endpoint, BENTO_COMMANDS);
	assert_int_equal(
	    fake_outbox_attempt(r.outbox, 1)->n_bytes, sizeof("{\"subscribers\":[1]}") - 1);
	rig_free(&r);
}

/* Events for alternating endpoints must not be sent one by one. */
static void
events_for_another_endpoint_are_passed_over(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 3);
	for (int i = 0; i < 3; i++) {
		add(&r, "1", NULL);
		add(&r, "s2", NULL);
	}
	rig_settle(&r);
	expect_request(&r, 0, "/batch/events", "{\"events\":[1,1,1]}");
	rig_answer(&r, 200, "{}");
	expect_request(&r, 1, "/batch/subscribers", "{\"subscribers\":[2,2,2]}");
	rig_free(&r);
}

static void
the_order_of_an_address_holds_across_endpoints(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 9);
	add(&r, "1", "ann@example.com");
	add(&r, "s2", "ann@example.com");
	add(&r, "3", "Ann@example.com");
	add(&r, "4", "bob@example.com");
	add(&r, "s5", "cy@example.com");
	rig_settle(&r);
	expect_request(&r, 0, "/batch/events", "{\"events\":[1,4]}");
	rig_answer(&r, 200, "{}");
	expect_request(&r, 1, "/batch/subscribers", "{\"subscribers\":[2,5]}");
	rig_answer(&r, 200, "{}");
	expect_request(&r, 2, "/batch/events", "{\"events\":[3]}");
	rig_free(&r);
}

static void
requests_to_two_endpoints_are_out_at_once_but_not_with_one_address(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.concurrency = 3;
	rig_start(&r);
	add(&r, "1", "ann@example.com");
	add(&r, "s2", "ann@example.com");
	add(&r, "s3", "bob@example.com");
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 2);
	assert_string_equal(rig_body(&r, 1), "{\"subscribers\":[3]}");
	fake_transport_answer(r.transport, 0, 200, "{}", -1);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"subscribers\":[2]}");
	rig_free(&r);
}

/* When the limit of examined events is reached, the batch is sent as it is. */
static void
looking_past_other_endpoints_is_bounded(void **state)
{
	static const size_t others[] = { FILL_LOOK_MAX - 1, FILL_LOOK_MAX };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct rig r;

		begin(&r, 2);
		add(&r, "1", NULL);
		for (size_t i = 0; i < others[k]; i++)
			add(&r, "s2", NULL);
		add(&r, "3", NULL);
		rig_settle(&r);
		assert_string_equal(rig_body(&r, 0),
		    others[k] < FILL_LOOK_MAX ? "{\"events\":[1,3]}" : "{\"events\":[1]}");
		rig_free(&r);
	}
}

static void
a_batch_is_limited_by_items_and_no_event_is_torn(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 4);
	add(&r, "*2:1", NULL);
	add(&r, "*2:2", NULL);
	add(&r, "*3:3", NULL);
	add(&r, "*2:4", NULL);
	add(&r, "*6:5", NULL);
	add(&r, "6", NULL);
	rig_settle(&r);
	expect_request(&r, 0, "/batch/events", "{\"events\":[1,1,2,2]}");
	rig_answer(&r, 200, "{\"results\":4,\"failed\":0}");
	expect_request(&r, 1, "/batch/events", "{\"events\":[3,3,3]}");
	rig_answer(&r, 200, "{\"results\":3,\"failed\":0}");
	expect_request(&r, 2, "/batch/events", "{\"events\":[4,4]}");
	rig_answer(&r, 200, "{\"results\":2,\"failed\":0}");
	expect_request(&r, 3, "/batch/events", "{\"events\":[5,5,5,5,5,5]}");
	rig_answer(&r, 200, "{\"results\":6,\"failed\":0}");
	expect_request(&r, 4, "/batch/events", "{\"events\":[6]}");
	rig_answer(&r, 200, "{\"results\":1,\"failed\":0}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 6);
	rig_free(&r);
}

/* Three events with five items, one item refused: the event of that item is found and held. */
static void
events_are_split_and_an_event_taken_in_part_is_held(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 9);
	add(&r, "*2:1", NULL);
	add(&r, "*2:2", NULL);
	add(&r, "3", NULL);
	rig_settle(&r);
	rig_answer(&r, 200, "{\"results\":4}");
	expect_request(&r, 1, "/batch/events", "{\"events\":[1,1,2,2]}");
	rig_answer(&r, 200, "{\"results\":3,\"failed\":1}");
	expect_request(&r, 2, "/batch/events", "{\"events\":[1,1]}");
	rig_answer(&r, 200, "{\"results\":2,\"failed\":0}");
	expect_request(&r, 3, "/batch/events", "{\"events\":[2,2]}");
	rig_answer(&r, 200, "{\"results\":1,\"failed\":1}");
	assert_int_equal(fake_outbox_event(r.outbox, 2)->status, STATUS_HELD);
	assert_string_equal(fake_outbox_event(r.outbox, 2)->reason, "partially_delivered");
	expect_request(&r, 4, "/batch/events", "{\"events\":[3]}");
	rig_answer(&r, 200, "{\"results\":1,\"failed\":0}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 2);
	rig_free(&r);
}

static void
items_that_may_have_arrived_may_be_missing_from_the_count(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, 9);
	add(&r, "*3:1", NULL);
	rig_settle(&r);
	rig_break(&r, PHASE_SENDING);
	rig_pass(&r, 3600000);
	assert_int_equal(rig_requests(&r), 2);
	rig_answer(&r, 200, "{\"results\":0,\"failed\":0}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 1);
	rig_free(&r);
}

/* An upsert may be sent again without a key, a command may not. */
static void
subscribers_count_as_keyed_and_commands_do_not(void **state)
{
	static const char *const bodies[] = { "s-1", "c1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig r;

		begin(&r, 2);
		add(&r, bodies[i], NULL);
		add(&r, bodies[i], NULL);
		rig_settle(&r);
		rig_answer(&r, 200, "{\"results\":1,\"failed\":1}");
		assert_int_equal(fake_outbox_count(r.outbox, STATUS_PENDING), i == 0 ? 2 : 0);
		assert_int_equal(fake_outbox_count(r.outbox, STATUS_HELD), i == 0 ? 0 : 2);
		rig_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_endpoint_has_its_path_and_frame),
		cmocka_unit_test(events_for_another_endpoint_are_passed_over),
		cmocka_unit_test(the_order_of_an_address_holds_across_endpoints),
		cmocka_unit_test(
		    requests_to_two_endpoints_are_out_at_once_but_not_with_one_address),
		cmocka_unit_test(looking_past_other_endpoints_is_bounded),
		cmocka_unit_test(a_batch_is_limited_by_items_and_no_event_is_torn),
		cmocka_unit_test(events_are_split_and_an_event_taken_in_part_is_held),
		cmocka_unit_test(items_that_may_have_arrived_may_be_missing_from_the_count),
		cmocka_unit_test(subscribers_count_as_keyed_and_commands_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
