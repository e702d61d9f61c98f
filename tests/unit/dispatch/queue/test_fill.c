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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_event_travels_alone),
		cmocka_unit_test(a_larger_event_is_invalid_and_blocks_no_others),
		cmocka_unit_test(an_event_without_its_body_is_invalid),
	};

	return cmocka_run_group_tests_name("fill", tests, NULL, NULL);
}
