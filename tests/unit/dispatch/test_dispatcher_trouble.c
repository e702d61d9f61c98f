/* The dispatcher when Bento, the network or the disk fails. */
#include "lib/unit.h"

#include "unit/dispatch/dispatch_rig.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static void
start_with(struct rig *r, size_t events)
{
	rig_init(r);
	rig_start(r);
	rig_add(r, events);
	rig_settle(r);
}

/* Returns the time until the next request, at most limit_ms. */
static int64_t
time_to_next(struct rig *r, int64_t limit_ms)
{
	size_t before = rig_requests(r);
	int64_t start = r->time.mono;

	while (rig_requests(r) == before && r->time.mono - start < limit_ms) {
		int64_t left = start + limit_ms - r->time.mono;

		fake_clock_advance(&r->time, r->wait >= 0 && r->wait < left ? r->wait : left);
		rig_settle(r);
	}
	return r->time.mono - start;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void
an_outage_costs_the_events_nothing_and_the_waits_grow(void **state)
{
	struct rig r;
	int64_t ceiling = 5 * SECOND, longest = 0, wait;

	(void)state;
	start_with(&r, 3);
	for (unsigned failures = 1; failures < 40; failures++) {
		rig_answer(&r, 503, "");
		assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
		assert_int_equal(r.outbox->site.failures, failures);
		wait = time_to_next(&r, 2 * HOUR);
		assert_true(wait >= 1 && wait <= ceiling);
		longest = wait > longest ? wait : longest;
		ceiling = ceiling * 2 < HOUR ? ceiling * 2 : HOUR;
	}
	assert_true(longest > 30 * MINUTE);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->attempts, 0);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->maybe_sent, 0);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_PENDING), 3);
	rig_answer(&r, 200, "{\"results\":3}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	assert_int_equal(r.outbox->site.failures, 0);
	assert_string_equal(r.outbox->site.reason, "");
	rig_free(&r);
}

static void
retry_after_is_waited_for(void **state)
{
	struct rig r;
	int64_t wait;

	(void)state;
	start_with(&r, 1);
	fake_transport_answer(r.transport, 0, 503, "", 90 * SECOND);
	rig_settle(&r);
	assert_int_equal(r.outbox->site.next_attempt_at, r.time.wall + 90 * SECOND);
	assert_int_equal(time_to_next(&r, HOUR), 90 * SECOND);
	/* the wait of a 429 replaces the back-off, however many failures there were; jitter adds a
	 * tenth */
	fake_transport_answer(r.transport, 1, 429, "", 20 * SECOND);
	rig_settle(&r);
	wait = time_to_next(&r, HOUR);
	assert_true(wait >= 20 * SECOND && wait <= 22 * SECOND);
	rig_free(&r);
}

static void
a_rate_limit_without_retry_after_costs_a_minute_doubling_to_an_hour(void **state)
{
	struct rig r;
	int64_t least = MINUTE, wait;

	(void)state;
	rig_init(&r);
	r.site.retry_max_ms = 10 * SECOND;
	rig_start(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	for (int i = 0; i < 9; i++) {
		rig_answer(&r, 429, "slow down");
		wait = time_to_next(&r, 2 * HOUR);
		assert_true(wait >= least && wait <= least + least / 10);
		least = least * 2 < HOUR ? least * 2 : HOUR;
	}
	assert_int_equal(least, HOUR);
	rig_answer(&r, 200, "{}");
	rig_add(&r, 1);
	rig_settle(&r);
	rig_answer(&r, 429, "");
	assert_true(time_to_next(&r, 2 * HOUR) <= 66 * SECOND);
	rig_free(&r);
}

static void
wrong_credentials_pause_the_site_and_name_the_settings(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3);
	rig_answer(&r, 401, "{\"error\":\"Invalid API key\"}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_PAUSED);
	assert_string_equal(r.outbox->site.reason,
	    "HTTP 401 from Bento: check publishable_key, secret_key and site_uuid"
	    " (Invalid API key)");
	assert_int_equal(r.outbox->site.next_attempt_at, r.time.wall + HOUR);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_PENDING), 3);
	assert_int_equal(time_to_next(&r, 2 * HOUR), HOUR);
	rig_answer(&r, 200, "{\"results\":1}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 1);
	rig_free(&r);
}

static void
events_that_may_have_arrived_are_counted(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 1);
	rig_break(&r, PHASE_NOT_SENT);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->outcome, OUTCOME_NOT_SENT);
	assert_int_equal(fake_outbox_event(r.outbox, 1)->maybe_sent, 0);
	time_to_next(&r, HOUR);
	rig_break(&r, PHASE_SENDING);
	assert_int_equal(fake_outbox_attempt(r.outbox, 2)->outcome, OUTCOME_UNKNOWN);
	assert_string_equal(fake_outbox_attempt(r.outbox, 2)->error, "broken");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->maybe_sent, 1);
	time_to_next(&r, HOUR);
	/* Bento refuses an event that it may already have: the refusal could be a suppressed
	 * duplicate */
	rig_answer(&r, 200, "{\"results\":0,\"failed\":1}");
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "maybe_delivered");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_HELD);
	rig_free(&r);
}

static void
one_outage_with_two_in_flight_is_one_failure(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.concurrency = 2;
	rig_start(&r);
	rig_add(&r, 9);
	rig_settle(&r);
	fake_transport_answer(r.transport, 0, 503, "", -1);
	rig_settle(&r);
	fake_transport_answer(r.transport, 1, 503, "", -1);
	rig_settle(&r);
	assert_int_equal(r.outbox->site.failures, 1);
	rig_free(&r);
}

static void
an_answer_from_before_the_failure_does_not_close_the_breaker(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.concurrency = 2;
	rig_start(&r);
	rig_add(&r, 9);
	rig_settle(&r);
	fake_transport_answer(r.transport, 0, 503, "", -1);
	rig_settle(&r);
	fake_transport_answer(r.transport, 1, 200, "{}", -1);
	rig_settle(&r);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
	assert_int_equal(fake_transport_open(r.transport), 0);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 3);
	rig_free(&r);
}

static void
a_jump_of_the_wall_clock_changes_no_wait(void **state)
{
	static const int64_t jumps[] = { INT64_C(315360000000), -INT64_C(1785000000000) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig r;

		start_with(&r, 1);
		fake_transport_answer(r.transport, 0, 503, "", 60 * SECOND);
		rig_settle(&r);
		r.time.wall += jumps[i];
		assert_int_equal(time_to_next(&r, HOUR), 60 * SECOND);
		rig_free(&r);
	}
}

static void
a_request_that_cannot_start_was_not_sent(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.transport->refuse = true;
	rig_start(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	assert_int_equal(fake_outbox_attempt(r.outbox, 1)->outcome, OUTCOME_NOT_SENT);
	assert_string_equal(fake_outbox_attempt(r.outbox, 1)->error, "made to refuse");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
	rig_free(&r);
}

/* ---- the writer and the disk ------------------------------------------------------------------
 */

static void
without_a_recorded_beginning_no_request_is_sent(void **state)
{
	static const enum err_code codes[] = { ERR_FULL, ERR_BUSY };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig r;

		rig_init(&r);
		rig_start(&r);
		fake_outbox_fail(r.outbox, OUTBOX_ATTEMPT_BEGIN, codes[i], 3);
		rig_add(&r, 1);
		rig_settle(&r);
		assert_int_equal(rig_requests(&r), 0);
		assert_int_equal(time_to_next(&r, MINUTE), 3 * CONTEXT_RECORD_AGAIN_MS);
		assert_int_equal(r.outbox->n_attempts, 1);
		rig_free(&r);
	}
}

static void
after_an_io_error_nothing_is_sent_any_more(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	log_setup((enum log_level) - 1, LOG_FORMAT_TEXT);
	fake_outbox_fail(r.outbox, OUTBOX_ATTEMPT_BEGIN, ERR_IO, 1);
	rig_add(&r, 5);
	rig_pass(&r, HOUR);
	assert_int_equal(rig_requests(&r), 0);
	assert_true(r.dispatcher->ctx.failed);
	assert_int_equal(r.wait, -1);
	rig_free(&r);
}

static void
an_end_that_cannot_be_recorded_is_retried_until_it_is(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3);
	fake_outbox_fail(r.outbox, OUTBOX_ATTEMPT_END, ERR_BUSY, 5);
	rig_answer(&r, 200, "{}");
	rig_pass(&r, 5 * CONTEXT_RECORD_AGAIN_MS - 1);
	assert_int_equal(r.dispatcher->sites[0].queue.taken.n, 3);
	assert_false(fake_outbox_attempt(r.outbox, 1)->ended);
	rig_pass(&r, 1);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 3);
	assert_int_equal(r.dispatcher->sites[0].queue.taken.n, 0);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
an_end_that_fails_permanently_is_given_up(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 6);
	log_setup((enum log_level) - 1, LOG_FORMAT_TEXT);
	fake_outbox_fail(r.outbox, OUTBOX_ATTEMPT_END, ERR_IO, 1);
	rig_answer(&r, 200, "{}");
	rig_pass(&r, HOUR);
	assert_false(fake_outbox_attempt(r.outbox, 1)->ended);
	/* the next attempt began in the same transaction */
	assert_int_equal(rig_requests(&r), 1);
	assert_int_equal(r.outbox->n_attempts, 1);
	rig_free(&r);
}

static void
an_end_that_is_already_recorded_is_enough(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3);
	fake_outbox_attempt(r.outbox, 1)->ended = true;
	for (int64_t id = 1; id <= 3; id++) {
		fake_outbox_event(r.outbox, id)->status = STATUS_DELIVERED;
		fake_outbox_event(r.outbox, id)->open_attempt = 0;
	}
	rig_answer(&r, 503, "");
	assert_int_equal(r.dispatcher->sites[0].queue.taken.n, 0);
	assert_int_equal(r.outbox->waiting, 0);
	rig_free(&r);
}

static void
unfit_events_wait_for_a_writer_that_is_busy(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	fake_outbox_fail(r.outbox, OUTBOX_SETTLE, ERR_FULL, 2);
	fake_outbox_add(r.outbox, RIG_SITE, "!");
	rig_pass(&r, 2 * CONTEXT_RECORD_AGAIN_MS - 1);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_INVALID), 0);
	rig_pass(&r, 1);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_INVALID), 1);
	assert_int_equal(r.dispatcher->sites[0].queue.taken.n, 0);
	rig_free(&r);
}

static void
an_outbox_that_cannot_be_read_is_read_again(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.outbox->unreadable = true;
	rig_start(&r);
	rig_add(&r, 1);
	rig_pass(&r, 10 * SECOND);
	r.outbox->unreadable = false;
	assert_true(time_to_next(&r, MINUTE) <= CONTEXT_READ_AGAIN_MS);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outage_costs_the_events_nothing_and_the_waits_grow),
		cmocka_unit_test(retry_after_is_waited_for),
		cmocka_unit_test(
		    a_rate_limit_without_retry_after_costs_a_minute_doubling_to_an_hour),
		cmocka_unit_test(wrong_credentials_pause_the_site_and_name_the_settings),
		cmocka_unit_test(events_that_may_have_arrived_are_counted),
		cmocka_unit_test(one_outage_with_two_in_flight_is_one_failure),
		cmocka_unit_test(an_answer_from_before_the_failure_does_not_close_the_breaker),
		cmocka_unit_test(a_jump_of_the_wall_clock_changes_no_wait),
		cmocka_unit_test(a_request_that_cannot_start_was_not_sent),
		cmocka_unit_test(without_a_recorded_beginning_no_request_is_sent),
		cmocka_unit_test(after_an_io_error_nothing_is_sent_any_more),
		cmocka_unit_test(an_end_that_cannot_be_recorded_is_retried_until_it_is),
		cmocka_unit_test(an_end_that_fails_permanently_is_given_up),
		cmocka_unit_test(an_end_that_is_already_recorded_is_enough),
		cmocka_unit_test(unfit_events_wait_for_a_writer_that_is_busy),
		cmocka_unit_test(an_outbox_that_cannot_be_read_is_read_again),
	};

	return cmocka_run_group_tests_name("dispatcher in trouble", tests, NULL, NULL);
}
