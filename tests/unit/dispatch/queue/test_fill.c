/* Events at the limits of what any request can carry. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/queue/payload.h"
#include "unit/dispatch/dispatch_rig.h"

/* An event of n bytes, the only one. */
static void
add_large(struct rig *r, size_t n)
{
	char *body = malloc(n + 1);

	assert_non_null(body);
	memset(body, '1', n);
	body[n] = '\0';
	fake_outbox_add(r->outbox, RIG_SITE, body);
	free(body);
	dispatcher_wake(r->dispatcher);
	rig_settle(r);
}

/* {"events":[ and ]} around it */
#define FRAME 13

static void
the_largest_event_travels_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	add_large(&r, PAYLOAD_MAX - FRAME);
	assert_int_equal(rig_requests(&r), 1);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->n_bytes, PAYLOAD_MAX);
	rig_free(&r);
}

static void
a_larger_event_is_invalid_and_blocks_no_others(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	add_large(&r, PAYLOAD_MAX - FRAME + 1);
	assert_int_equal(rig_requests(&r), 0);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_INVALID);
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "too_large");
	rig_add(&r, 1);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_free(&r);
}

static void
an_event_without_its_body_is_invalid(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	fake_outbox_add(r.outbox, RIG_SITE, NULL);
	rig_add(&r, 1);
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_INVALID);
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "body_removed");
	rig_free(&r);
}

static void
check_held(struct rig *r, int64_t id, const char *detail)
{
	const struct fake_event *event = fake_outbox_event(r->outbox, id);

	assert_int_equal(event->status, STATUS_HELD);
	assert_string_equal(event->reason, "damaged");
	assert_string_equal(event->detail, detail);
}

/* Not even its age counts: event 1 is too old. */
static void
a_damaged_event_is_held_and_blocks_no_others(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.max_age_ms = 1000;
	rig_start(&r);
	for (int i = 0; i < 4; i++)
		fake_outbox_add(r.outbox, RIG_SITE, i == 1 ? "{\"n\":2}" : "{\"n\":0}");
	fake_outbox_event(r.outbox, 1)->received_at = 1;
	fake_outbox_event(r.outbox, 1)->damage = "changed";
	fake_outbox_event(r.outbox, 3)->damage = "changed";
	fake_outbox_event(r.outbox, 4)->damage = "its batch was";
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 1);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_answer(&r, 200, "{\"results\":1,\"failed\":0}");
	rig_pass(&r, 2000);
	check_held(&r, 1, "changed");
	check_held(&r, 3, "changed");
	check_held(&r, 4, "its batch was");
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
a_probe_does_not_send_a_damaged_event(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1;
	rig_start(&r);
	rig_add(&r, 3);
	rig_settle(&r);
	rig_answer(&r, 503, "");
	for (int64_t id = 1; id <= 2; id++)
		fake_outbox_event(r.outbox, id)->damage = "changed";
	for (int i = 0; i < 60 && rig_requests(&r) < 2; i++)
		rig_pass(&r, 1000);
	assert_int_equal(rig_requests(&r), 2);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":3}]}");
	check_held(&r, 1, "changed");
	check_held(&r, 2, "changed");
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_event_travels_alone),
		cmocka_unit_test(a_larger_event_is_invalid_and_blocks_no_others),
		cmocka_unit_test(an_event_without_its_body_is_invalid),
		cmocka_unit_test(a_damaged_event_is_held_and_blocks_no_others),
		cmocka_unit_test(a_probe_does_not_send_a_damaged_event),
	};

	return cmocka_run_group_tests_name("fill", tests, NULL, NULL);
}
