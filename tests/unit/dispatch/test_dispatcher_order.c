/* The dispatcher keeps the order of each address; ages; jumps of the clock. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/queue/fill.h"
#include "unit/dispatch/fake_bento.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const people[] = { "ann@example.com", "bob@example.com", "cy@example.com",
	"Ann@Example.com", "dee@example.com" };

static void
add(struct rig *r, const char *email)
{
	rig_add(r, 1);
	fake_outbox_event(r->outbox, (int64_t)r->outbox->n_events)->email = email;
}

static void
an_address_is_in_one_request_at_a_time(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1;
	r.site.concurrency = 3;
	rig_start(&r);
	for (size_t i = 0; i < 5; i++)
		add(&r, people[i]);
	rig_settle(&r);
	assert_int_equal(fake_transport_open(r.transport), 3);
	assert_string_equal(rig_body(&r, 2), "{\"events\":[{\"n\":3}]}");
	/* bob's event is delivered: ann's second event still waits for her first, but dee's
	 * does not */
	fake_transport_answer(r.transport, 1, 200, "{}", -1);
	rig_settle(&r);
	assert_string_equal(rig_body(&r, 3), "{\"events\":[{\"n\":5}]}");
	fake_transport_answer(r.transport, 0, 200, "{}", -1);
	rig_settle(&r);
	assert_string_equal(rig_body(&r, 4), "{\"events\":[{\"n\":4}]}");
	rig_free(&r);
}

/* Refusals, failures and successes in random order; the fake outbox checks the order of each
 * address. */
static void
order_is_kept_whatever_happens(void **state)
{
	static const int answers[] = { 200, 200, 200, 422, 503, 200, 413, 500, 200, 403, 429 };

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct fake_bento *b = fake_bento_new();
		struct rand chance;
		struct rig r;

		rand_seed(&chance, seed);
		rig_init(&r);
		r.site.batch_events = 1 + (unsigned)(seed % 7);
		r.site.concurrency = 1 + (unsigned)(seed % 4);
		r.site.max_attempts = 3;
		r.site.retry_max_ms = MINUTE;
		rig_start(&r);
		for (int i = 0; i < 120; i++)
			add(&r, people[rand_below(&chance, 5)]);
		for (int i = 0; i < 2500 && rig_requests(&r) < 4000; i++) {
			size_t pick = rig_requests(&r);

			rig_pass(&r, (int64_t)rand_below(&chance, 20) * SECOND);
			for (size_t k = 0; k < rig_requests(&r) && pick == rig_requests(&r); k++)
				if (r.transport->requests[k]->open && rand_below(&chance, 2) == 0)
					pick = k;
			if (pick == rig_requests(&r) || !r.transport->requests[pick]->open)
				continue;
			fake_transport_answer(r.transport, pick,
			    answers[rand_below(&chance, sizeof(answers) / sizeof(answers[0]))],
			    "{}", -1);
			rig_settle(&r);
		}
		/* in the end Bento accepts everything */
		for (size_t k = 0; k < rig_requests(&r); k++)
			if (r.transport->requests[k]->open)
				fake_transport_answer(r.transport, k, 200, "{}", -1);
		b->requests = rig_requests(&r);
		fake_bento_serve(b, &r, 2 * HOUR);
		if (fake_outbox_count(r.outbox, STATUS_PENDING) > 0)
			fail_msg("seed %llu: %zu still wait", (unsigned long long)seed,
			    fake_outbox_count(r.outbox, STATUS_PENDING));
		free(b);
		rig_free(&r);
	}
}

static void
a_delayed_event_blocks_only_its_own_address(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	for (size_t i = 0; i < 5; i++)
		add(&r, people[i]);
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + 10 * MINUTE;
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2},{\"n\":3},{\"n\":5}]}");
	rig_answer(&r, 200, "{}");
	assert_int_equal(rig_requests(&r), 1);
	rig_pass(&r, 10 * MINUTE);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":1}]}");
	rig_answer(&r, 200, "{}");
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":4}]}");
	rig_free(&r);
}

/* However many events are blocked, the events of other addresses are found, and probes find
 * them, too. */
static void
a_delayed_event_hides_no_other_event(void **state)
{
	const int64_t siblings = 5 * FILL_LOOK_MAX / 2;
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	for (int64_t i = 0; i <= siblings; i++)
		add(&r, people[0]);
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + 10 * MINUTE;
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 0);
	add(&r, people[1]);
	rig_settle(&r);
	rig_answer(&r, 503, "");
	assert_int_equal(rig_requests(&r), 1);
	rig_pass(&r, 5 * SECOND);
	assert_int_equal(rig_requests(&r), 2);
	assert_non_null(strstr(rig_last_body(&r), "{\"n\":2562}"));
	rig_answer(&r, 200, "{}");
	assert_int_equal(rig_requests(&r), 2);
	/* blocked events are read once, not again for each later event */
	for (int i = 0; i < 3; i++) {
		size_t loads = r.outbox->loads;

		add(&r, people[2]);
		rig_settle(&r);
		assert_true(r.outbox->loads - loads < 50);
		rig_answer(&r, 200, "{}");
	}
	/* the blocked events are sent in order after the first */
	rig_pass(&r, 10 * MINUTE);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":1}]}");
	rig_answer(&r, 200, "{}");
	for (int i = 0; fake_outbox_count(r.outbox, STATUS_PENDING) > 0 && i < 3000; i++)
		rig_answer(&r, 200, "{}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_PENDING), 0);
	rig_free(&r);
}

static void
an_event_settled_by_an_operator_soon_blocks_no_others(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	add(&r, people[0]);
	add(&r, people[0]);
	add(&r, people[1]);
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + 10 * MINUTE;
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":3}]}");
	rig_answer(&r, 200, "{}");
	fake_outbox_event(r.outbox, 1)->status = STATUS_DISCARDED;
	rig_pass(&r, 2 * MINUTE);
	assert_int_equal(rig_requests(&r), 2);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_free(&r);
}

static void
a_flood_of_one_address_does_not_stop_the_others(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.concurrency = 2;
	rig_start(&r);
	for (int i = 0; i < 2 * FILL_LOOK_MAX; i++)
		add(&r, people[0]);
	add(&r, people[1]);
	rig_settle(&r);
	assert_int_equal(fake_transport_open(r.transport), 1);
	for (int i = 0; i < 700; i++)
		if (r.transport->requests[rig_requests(&r) - 1]->open)
			rig_answer(&r, 200, "{}");
	for (size_t i = 0; i < rig_requests(&r); i++)
		if (r.transport->requests[i]->open) {
			fake_transport_answer(r.transport, i, 200, "{}", -1);
			rig_settle(&r);
		}
	assert_int_equal(
	    fake_outbox_event(r.outbox, 2 * FILL_LOOK_MAX + 1)->status, STATUS_DELIVERED);
	rig_free(&r);
}

static void
a_beginning_that_cannot_be_recorded_lets_no_event_overtake(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1;
	rig_start(&r);
	add(&r, people[0]);
	add(&r, people[0]);
	fake_outbox_fail(r.outbox, OUTBOX_ATTEMPT_BEGIN, ERR_BUSY, 1);
	/* the second is prepared while the first waits for its commit */
	dispatcher_step(r.dispatcher);
	dispatcher_step(r.dispatcher);
	assert_true(r.dispatcher->sites[0].queue.prepared.members.n > 0);
	rig_pass(&r, MINUTE);
	assert_string_equal(rig_body(&r, 0), "{\"events\":[{\"n\":1}]}");
	rig_free(&r);
}

/* ---- ages and clocks ------------------------------------------------------------------------ */

static void
an_event_past_max_age_fails_unsent(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.max_age_ms = DAY;
	rig_start(&r);
	for (size_t i = 0; i < 3; i++)
		add(&r, people[i]);
	fake_outbox_event(r.outbox, 1)->received_at = r.time.wall - DAY - 1;
	fake_outbox_event(r.outbox, 2)->received_at = r.time.wall - DAY;
	fake_outbox_event(r.outbox, 3)->received_at = r.time.wall + HOUR;
	rig_settle(&r);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_FAILED);
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "expired");
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2},{\"n\":3}]}");
	/* events also expire during an outage, when they would be probed */
	rig_answer(&r, 503, "");
	fake_outbox_event(r.outbox, 3)->received_at = r.time.wall;
	rig_pass(&r, HOUR);
	assert_int_equal(fake_outbox_event(r.outbox, 2)->status, STATUS_FAILED);
	assert_int_equal(fake_outbox_event(r.outbox, 3)->status, STATUS_PENDING);
	rig_free(&r);
}

static void
a_clock_that_jumps_ahead_expires_no_event(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.max_age_ms = DAY;
	rig_start(&r);
	add(&r, people[0]);
	fake_outbox_event(r.outbox, 1)->received_at = r.time.wall;
	rig_settle(&r);
	rig_answer(&r, 503, "");
	r.time.wall += 3650 * DAY;
	rig_pass(&r, HOUR);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_PENDING);
	assert_int_equal(rig_requests(&r), 2);
	rig_free(&r);
}

static void
no_event_waits_longer_than_retry_max(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	add(&r, people[0]);
	add(&r, people[1]);
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + HOUR;
	fake_outbox_event(r.outbox, 2)->next_attempt_at = r.time.wall + HOUR + 1;
	rig_settle(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_answer(&r, 200, "{}");
	assert_int_equal(rig_requests(&r), 1);
	/* with a clock back at 1970 every event still becomes due */
	r.time.wall = 1000;
	rig_pass(&r, 2 * MINUTE);
	assert_int_equal(rig_requests(&r), 2);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_in_one_request_at_a_time),
		cmocka_unit_test(order_is_kept_whatever_happens),
		cmocka_unit_test(a_delayed_event_blocks_only_its_own_address),
		cmocka_unit_test(a_delayed_event_hides_no_other_event),
		cmocka_unit_test(an_event_settled_by_an_operator_soon_blocks_no_others),
		cmocka_unit_test(a_flood_of_one_address_does_not_stop_the_others),
		cmocka_unit_test(a_beginning_that_cannot_be_recorded_lets_no_event_overtake),
		cmocka_unit_test(an_event_past_max_age_fails_unsent),
		cmocka_unit_test(a_clock_that_jumps_ahead_expires_no_event),
		cmocka_unit_test(no_event_waits_longer_than_retry_max),
	};

	return cmocka_run_group_tests_name("dispatcher and order", tests, NULL, NULL);
}
