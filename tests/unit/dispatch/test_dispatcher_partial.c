/* Answers that count some events of a batch as failed: splitting the batch shows which. */
#include "lib/unit.h"

#include <stdlib.h>

#include "unit/dispatch/fake_bento.h"

#define SECOND 1000

/* A batch of 8, of which `bad` are refused, before its first answer. */
static struct fake_bento *
begin_partial(struct rig *r, const char *bad)
{
	struct fake_bento *b = fake_bento_new();

	rig_init(r);
	r->site.batch_events = 8;
	rig_start(r);
	b->partial = true;
	for (; *bad != '\0'; bad++)
		b->bad[*bad - '0'] = true;
	rig_add(r, 8);
	rig_settle(r);
	return b;
}

static void
check_reason(struct rig *r, int64_t id, enum event_status status, const char *reason)
{
	assert_int_equal(fake_outbox_event(r->outbox, id)->status, status);
	assert_string_equal(fake_outbox_event(r->outbox, id)->reason, reason);
	assert_int_equal(fake_outbox_event(r->outbox, id)->attempts, 1);
}

static void
end_partial(struct fake_bento *b, struct rig *r)
{
	free(b);
	rig_free(r);
}

static void
a_partial_answer_is_split_when_every_event_has_a_key(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "3");

	(void)state;
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->outcome, OUTCOME_PARTIAL);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 7);
	check_reason(&r, 3, STATUS_FAILED, "refused");
	/* event 1 was sent again, and that is counted */
	assert_true(b->got[1] == 3 && fake_outbox_event(r.outbox, 1)->maybe_sent == 2);
	assert_true(b->got[8] == 2 && fake_outbox_event(r.outbox, 8)->maybe_sent == 1);
	end_partial(b, &r);
}

static void
as_many_as_the_batch_counted_fail_once_all_of_it_is_known(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "1368");
	size_t held = 0;

	(void)state;
	/* the refused events are held until the last part is answered */
	while (fake_outbox_count(r.outbox, STATUS_DELIVERED) < 4
	       || fake_outbox_count(r.outbox, STATUS_PENDING) > 0) {
		assert_int_equal(fake_outbox_count(r.outbox, STATUS_FAILED), 0);
		held = fake_outbox_count(r.outbox, STATUS_HELD);
		fake_bento_answer(b, &r, rig_requests(&r) - 1);
	}
	assert_int_equal(held, 3);
	check_reason(&r, 1, STATUS_FAILED, "refused");
	check_reason(&r, 3, STATUS_FAILED, "refused");
	check_reason(&r, 6, STATUS_FAILED, "refused");
	check_reason(&r, 8, STATUS_FAILED, "refused");
	end_partial(b, &r);
}

/* Bento may count repeats as failed. Then every event is refused alone, more than failed at
 * first. */
static void
repeats_that_count_as_failed_are_held(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "3");

	(void)state;
	b->repeats_fail = true;
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_HELD), 8);
	check_reason(&r, 3, STATUS_HELD, "maybe_delivered");
	end_partial(b, &r);
}

static void
a_part_in_doubt_leaves_the_refused_ones_held(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "3");

	(void)state;
	fake_bento_answer(b, &r, 0);
	rig_break(&r, PHASE_SENDING);
	b->requests++;
	fake_bento_serve(b, &r, 60 * SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 7);
	check_reason(&r, 3, STATUS_HELD, "maybe_delivered");
	end_partial(b, &r);
}

static void
a_batch_that_may_have_been_sent_before_proves_nothing(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "3");

	(void)state;
	/* the first answer is lost: what the second one counts as failed may be repeats */
	rig_break(&r, PHASE_SENDING);
	b->requests++;
	fake_bento_serve(b, &r, 60 * SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 7);
	check_reason(&r, 3, STATUS_HELD, "maybe_delivered");
	end_partial(b, &r);
}

static void
after_a_restart_the_refused_ones_stay_held(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "3");

	(void)state;
	fake_bento_answer(b, &r, 0);
	fake_transport_break(r.transport, 1, PHASE_NOT_SENT, "stopped");
	rig_settle(&r);
	rig_restart(&r);
	b->requests = 0;
	fake_bento_serve(b, &r, 60 * SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 7);
	check_reason(&r, 3, STATUS_HELD, "maybe_delivered");
	end_partial(b, &r);
}

static void
a_proof_that_cannot_be_kept_is_recorded_later(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "3");

	(void)state;
	fake_outbox_fail(r.outbox, OUTBOX_SETTLE, ERR_FULL, 2);
	fake_bento_serve(b, &r, SECOND / 2);
	check_reason(&r, 3, STATUS_HELD, "maybe_delivered");
	rig_pass(&r, 3 * SECOND);
	check_reason(&r, 3, STATUS_FAILED, "refused");
	end_partial(b, &r);
}

static void
an_operator_who_decided_first_is_not_overruled(void **state)
{
	struct rig r;
	struct fake_bento *b = begin_partial(&r, "38");

	(void)state;
	while (fake_outbox_event(r.outbox, 3)->status == STATUS_PENDING)
		fake_bento_answer(b, &r, rig_requests(&r) - 1);
	fake_outbox_operate(r.outbox, 3, STATUS_DISCARDED);
	b->requests = rig_requests(&r) - 1;
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_event(r.outbox, 3)->status, STATUS_DISCARDED);
	check_reason(&r, 8, STATUS_FAILED, "refused");
	end_partial(b, &r);
}

/* With several requests in flight, several batches are split at once. */
static void
batches_in_parts_at_once_are_told_apart(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 8;
	r.site.concurrency = 3;
	rig_start(&r);
	b->partial = true;
	b->bad[2] = b->bad[9] = b->bad[16] = b->bad[20] = true;
	rig_add(&r, 24);
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 20);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_FAILED), 4);
	check_reason(&r, 16, STATUS_FAILED, "refused");
	free(b);
	rig_free(&r);
}

static void
check_partial_is_held(enum partial_policy policy, const char *first_body)
{
	struct rig r;

	rig_init(&r);
	r.site.policy.partial = policy;
	rig_start(&r);
	fake_outbox_add(r.outbox, RIG_SITE, first_body);
	rig_add(&r, 2);
	rig_settle(&r);
	rig_answer(&r, 200, "{\"results\":2,\"failed\":1}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_HELD), 3);
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "partially_delivered");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->maybe_sent, 1);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
a_partial_answer_holds_without_keys_or_when_told_to(void **state)
{
	(void)state;
	check_partial_is_held(PARTIAL_SPLIT, "-no key");
	check_partial_is_held(PARTIAL_HOLD, "{}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partial_answer_is_split_when_every_event_has_a_key),
		cmocka_unit_test(as_many_as_the_batch_counted_fail_once_all_of_it_is_known),
		cmocka_unit_test(repeats_that_count_as_failed_are_held),
		cmocka_unit_test(a_part_in_doubt_leaves_the_refused_ones_held),
		cmocka_unit_test(a_batch_that_may_have_been_sent_before_proves_nothing),
		cmocka_unit_test(after_a_restart_the_refused_ones_stay_held),
		cmocka_unit_test(a_proof_that_cannot_be_kept_is_recorded_later),
		cmocka_unit_test(an_operator_who_decided_first_is_not_overruled),
		cmocka_unit_test(batches_in_parts_at_once_are_told_apart),
		cmocka_unit_test(a_partial_answer_holds_without_keys_or_when_told_to),
	};

	return cmocka_run_group_tests_name("dispatcher: answers in part", tests, NULL, NULL);
}
