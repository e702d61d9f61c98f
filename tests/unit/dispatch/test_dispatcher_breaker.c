/* The dispatcher during and after an outage, and when a single event causes failures. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/dispatch/fake_bento.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static void
start_with(struct rig *r, unsigned batch_events, size_t events)
{
	rig_init(r);
	r->site.batch_events = batch_events;
	r->site.batch_bytes = 1000000;
	rig_start(r);
	rig_add(r, events);
	rig_settle(r);
}

/* Lets time pass until one more request is sent. */
static void
wait_for_request(struct rig *r)
{
	size_t before = rig_requests(r);

	for (int i = 0; i < 1000 && rig_requests(r) == before; i++) {
		fake_clock_advance(&r->time, r->wait < 0 ? HOUR : r->wait);
		rig_settle(r);
	}
	assert_int_equal(rig_requests(r), before + 1);
}

static void
each_probe_takes_another_event(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	start_with(&r, 3, 8);
	rig_answer(&r, 503, "");
	/* probes take events outside the failed batch first, then all events again and again */
	for (int64_t i = 0; i < 14; i++) {
		wait_for_request(&r);
		fake_bento_read(b, &r, rig_requests(&r) - 1);
		assert_int_equal(b->n_last, 1);
		/* once the outage is recognized, probes avoid no event */
		assert_int_equal(b->last[0], i < 5 ? 4 + i : 1 + (i - 5) % 8);
		rig_answer(&r, 503, "");
		assert_int_equal(fake_transport_open(r.transport), 0);
	}
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_PENDING), 8);
	for (int64_t id = 1; id <= 8; id++)
		assert_int_equal(fake_outbox_event(r.outbox, id)->attempts, 0);
	free(b);
	rig_free(&r);
}

static void
after_an_outage_batches_grow_slowly_and_one_at_a_time(void **state)
{
	static const size_t sizes[] = { 1, 1, 2, 4, 8, 16, 20, 20 };
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 20;
	r.site.batch_bytes = 100000;
	r.site.concurrency = 3;
	rig_start(&r);
	rig_add(&r, 200);
	rig_settle(&r);
	for (size_t i = 0; i < 3; i++)
		fake_transport_answer(r.transport, i, 503, "", -1);
	rig_settle(&r);
	wait_for_request(&r);
	rig_answer(&r, 503, "");
	wait_for_request(&r);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fake_bento_read(b, &r, i + 4);
		assert_int_equal(b->n_last, sizes[i]);
		if (sizes[i] < 20)
			assert_int_equal(fake_transport_open(r.transport), 1);
		rig_answer(&r, 200, "{}");
	}
	assert_int_equal(fake_transport_open(r.transport), 3);
	free(b);
	rig_free(&r);
}

/* An outage of an hour while 100,000 events are pending. */
static void
an_hour_without_bento_costs_a_few_requests(void **state)
{
	struct fake_bento *b = fake_bento_new();
	size_t during;
	int64_t began;
	struct rig r;

	(void)state;
	start_with(&r, 100, 0);
	r.dispatcher->sites[0].outgoing.link.pace.interval_ms = 1000;
	rig_add(&r, 100000);
	b->status = 503;
	began = r.time.mono;
	while (r.time.mono < began + HOUR) {
		rig_pass(&r, SECOND);
		if (fake_transport_open(r.transport) > 0)
			fake_bento_answer(b, &r, rig_requests(&r) - 1);
	}
	during = rig_requests(&r);
	assert_true(during >= 5 && during < 40);
	b->status = 0;
	b->requests = during;
	began = r.time.mono;
	while (fake_outbox_count(r.outbox, STATUS_PENDING) > 0) {
		if (fake_transport_open(r.transport) > 0)
			fake_bento_answer(b, &r, rig_requests(&r) - 1);
		else
			rig_pass(&r, 100);
	}
	print_message(
	    "an hour's outage, 100000 pending: %zu requests; then %zu requests and %lld s "
	    "until all were delivered, the first wait included\n",
	    during, rig_requests(&r) - during, (long long)(r.time.mono - began) / 1000);
	for (int64_t id = 1; id <= 100000; id++)
		if (b->got[id] != 1 || fake_outbox_event(r.outbox, id)->attempts != 1
		    || fake_outbox_event(r.outbox, id)->maybe_sent != 0)
			fail_msg("event %lld", (long long)id);
	assert_true(rig_requests(&r) - during < 1000 + 20);
	free(b);
	rig_free(&r);
}

/* ---- an event that fails alone -------------------------------------------------------------- */

/* Bento answers `status` to every batch with event `poison`, and accepts the others. */
static void
run_poisoned(struct rig *r, struct fake_bento *b, int64_t poison, int status, int64_t for_ms)
{
	int64_t end = r->time.mono + for_ms;

	b->bad_status = status;
	b->bad[poison] = true;
	rig_settle(r);
	while (r->time.mono < end) {
		if (fake_transport_open(r->transport) > 0) {
			fake_bento_answer(b, r, rig_requests(r) - 1);
			continue;
		}
		fake_clock_advance(&r->time, r->wait < 0 || r->wait > MINUTE ? MINUTE : r->wait);
		rig_settle(r);
	}
}

static void
an_event_that_always_fails_holds_up_no_others_and_fails_in_the_end(void **state)
{
	static const int statuses[] = { 500, 503, 403 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fake_bento *b = fake_bento_new();
		struct rig r;

		rig_init(&r);
		r.site.batch_events = 10;
		r.site.max_attempts = 4;
		r.site.retry_max_ms = 10 * MINUTE;
		rig_start(&r);
		rig_add(&r, 30);
		run_poisoned(&r, b, 13, statuses[i], HOUR);
		/* the event is blamed only when others get through */
		for (int k = 0; k < 40; k++) {
			rig_add(&r, 2);
			run_poisoned(&r, b, 13, statuses[i], HOUR);
		}
		assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 109);
		assert_int_equal(fake_outbox_event(r.outbox, 13)->status, STATUS_FAILED);
		assert_string_equal(fake_outbox_event(r.outbox, 13)->reason, "attempts_exhausted");
		assert_int_equal(fake_outbox_event(r.outbox, 13)->attempts, 4);
		for (int64_t id = 1; id <= 110; id++)
			assert_int_equal(b->got[id], id != 13);
		free(b);
		rig_free(&r);
	}
}

static void
without_max_attempts_an_event_is_tried_forever(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.max_attempts = 0;
	r.site.retry_max_ms = MINUTE;
	rig_start(&r);
	for (int k = 0; k < 100; k++) {
		rig_add(&r, 3);
		run_poisoned(&r, b, 2, 500, 10 * MINUTE);
	}
	assert_int_equal(fake_outbox_event(r.outbox, 2)->status, STATUS_PENDING);
	assert_true(fake_outbox_event(r.outbox, 2)->attempts > 20);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 299);
	free(b);
	rig_free(&r);
}

/* Batches of one event, and short outages between them. */
static void
outages_charge_no_event(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 1, 300);
	for (int i = 0; i < 100; i++) {
		/* 1 to 3 requests fail, then 2 pass */
		for (int k = 0; k <= i % 3; k++) {
			rig_answer(&r, i % 2 == 0 ? 503 : 500, "");
			wait_for_request(&r);
		}
		rig_answer(&r, 200, "{}");
		rig_answer(&r, 200, "{}");
	}
	for (int64_t id = 1; id <= 300; id++)
		assert_int_equal(fake_outbox_event(r.outbox, id)->attempts,
		    fake_outbox_event(r.outbox, id)->status == STATUS_DELIVERED);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_FAILED), 0);
	rig_free(&r);
}

static void
a_charge_that_cannot_be_recorded_is_tried_again(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 2, 4);
	rig_answer(&r, 500, "");
	wait_for_request(&r);
	fake_outbox_fail(r.outbox, OUTBOX_SETTLE, ERR_FULL, 2);
	rig_answer(&r, 200, "{}");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->max_batch, 0);
	/* nothing is sent until the charge is recorded, because these events come first */
	assert_int_equal(rig_requests(&r), 2);
	rig_pass(&r, 2 * CONTEXT_RECORD_AGAIN_MS);
	assert_int_equal(fake_outbox_event(r.outbox, 2)->max_batch, 1);
	assert_string_equal(rig_body(&r, 2), "{\"events\":[{\"n\":1}]}");
	rig_free(&r);
}

/* Returns the event that is alone in the newest request; 0 when there are several or none. */
static int64_t
single(struct rig *r)
{
	long long id;
	int end = 0;

	if (sscanf(rig_last_body(r), "{\"events\":[{\"n\":%lld}]}%n", &id, &end) == 1 && end > 0)
		return id;
	return 0;
}

/* Events 1 to 4 each cause a 500. Each of them is charged, and none keeps the site from sending. */
static void
events_that_always_fail_do_not_excuse_each_other(void **state)
{
	size_t answered = 0;
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1;
	r.site.max_attempts = 3;
	r.site.retry_max_ms = MINUTE;
	rig_start(&r);
	rig_add(&r, 4);
	rig_settle(&r);
	for (int i = 0; i < 1800; i++) {
		if (i % 60 == 0)
			rig_add(&r, 1);
		rig_pass(&r, MINUTE);
		while (answered < rig_requests(&r)) {
			answered = rig_requests(&r);
			rig_answer(&r, single(&r) <= 4 ? 500 : 200, "{}");
		}
	}
	for (int64_t id = 1; id <= 4; id++) {
		assert_int_equal(fake_outbox_event(r.outbox, id)->status, STATUS_FAILED);
		assert_int_equal(fake_outbox_event(r.outbox, id)->attempts, 3);
	}
	assert_in_range(fake_outbox_count(r.outbox, STATUS_DELIVERED), 29, 30);
	rig_free(&r);
}

/* ---- pauses --------------------------------------------------------------------------------- */

static void
set_credentials(struct rig *r, const char *key)
{
	struct err e;

	r->site.site_uuid = "u-2";
	r->site.publishable_key = key;
	r->site.secret_key = "new";
	assert_int_equal(dispatcher_reload_sites(r->dispatcher, &r->site, 1, &e), 0);
}

static void
new_credentials_end_a_pause_at_once(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3, 6);
	rig_answer(&r, 401, "{}");
	for (int i = 0; i < 3; i++) {
		int64_t began = r.time.mono;

		wait_for_request(&r);
		assert_int_equal(r.time.mono - began, HOUR);
		rig_answer(&r, 401, "{}");
	}
	set_credentials(&r, "pub-2");
	rig_settle(&r);
	assert_int_equal(rig_requests(&r), 5);
	assert_string_equal(r.transport->requests[4]->request.user, "pub-2");
	assert_string_equal(r.transport->requests[4]->request.password, "new");
	assert_string_equal(r.transport->requests[4]->request.url,
	    "http://bento.invalid/api/v1/batch/events?site_uuid=u-2");
	for (int i = 0; i < 4; i++)
		rig_answer(&r, 200, "{}");
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 6);
	for (int64_t id = 1; id <= 6; id++)
		assert_int_equal(fake_outbox_event(r.outbox, id)->attempts, 1);
	rig_free(&r);
}

static void
new_credentials_wait_for_the_request_under_way(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3, 6);
	set_credentials(&r, "pub-2");
	set_credentials(&r, "pub-3");
	rig_settle(&r);
	assert_string_equal(r.transport->requests[0]->request.user, "pub");
	rig_answer(&r, 200, "{}");
	assert_string_equal(r.transport->requests[1]->request.user, "pub-3");
	rig_free(&r);
}

/* A stale answer does not pause the site. */
static void
new_credentials_are_not_paused_by_an_answer_to_the_old_ones(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3, 6);
	set_credentials(&r, "pub-2");
	rig_settle(&r);
	rig_answer(&r, 401, "{}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	assert_int_equal(rig_requests(&r), 2);
	assert_string_equal(r.transport->requests[1]->request.user, "pub-2");
	/* a probe too */
	rig_answer(&r, 401, "{}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_PAUSED);
	wait_for_request(&r);
	set_credentials(&r, "pub-3");
	rig_settle(&r);
	rig_answer(&r, 401, "{}");
	assert_int_equal(rig_requests(&r), 4);
	rig_answer(&r, 200, "{}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_free(&r);
}

/* A restart keeps the batch size that Bento accepts, and the count of refusals in a row. */
static void
what_was_learned_is_recorded_and_used_after_a_restart(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 50;
	r.site.batch_bytes = 16000;
	r.site.policy.all_refused = 3;
	rig_start(&r);
	rig_add(&r, 1000);
	rig_settle(&r);
	rig_answer(&r, 422, "{}");
	for (int i = 0; i < 40 && r.outbox->site.refused < 2; i++)
		rig_answer(&r, 422, "{}");
	assert_int_equal(r.outbox->site.refused, 2);
	r.site.refused = r.outbox->site.refused;
	rig_restart(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	rig_answer(&r, 422, "{}"); /* a batch of two: their split was lost with the process */
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_answer(&r, 422, "{}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_PAUSED);
	rig_free(&r);
}

static void
a_learned_size_is_kept(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1000;
	r.site.batch_bytes = 5000;
	rig_start(&r);
	rig_add(&r, 1000);
	rig_settle(&r);
	rig_answer(&r, 413, "");
	assert_in_range(r.outbox->site.byte_limit, 2000, 2500);
	r.site.byte_limit = r.outbox->site.byte_limit;
	rig_restart(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	assert_in_range(strlen(rig_last_body(&r)), 1000, r.site.byte_limit);
	rig_free(&r);
}

static void
new_credentials_do_not_end_a_back_off(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 3, 3);
	fake_transport_answer(r.transport, 0, 429, "", 60 * SECOND);
	rig_settle(&r);
	set_credentials(&r, "pub-2");
	rig_pass(&r, 59 * SECOND);
	assert_int_equal(rig_requests(&r), 1);
	rig_free(&r);
}

static void
a_403_for_one_event_does_not_keep_the_breaker_open(void **state)
{
	struct rig r;

	(void)state;
	start_with(&r, 1, 5);
	rig_answer(&r, 403, "<html>blocked</html>");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_PAUSED);
	wait_for_request(&r);
	assert_string_equal(rig_last_body(&r), "{\"events\":[{\"n\":2}]}");
	rig_answer(&r, 200, "{}");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_probe_takes_another_event),
		cmocka_unit_test(after_an_outage_batches_grow_slowly_and_one_at_a_time),
		cmocka_unit_test(an_hour_without_bento_costs_a_few_requests),
		cmocka_unit_test(
		    an_event_that_always_fails_holds_up_no_others_and_fails_in_the_end),
		cmocka_unit_test(without_max_attempts_an_event_is_tried_forever),
		cmocka_unit_test(outages_charge_no_event),
		cmocka_unit_test(a_charge_that_cannot_be_recorded_is_tried_again),
		cmocka_unit_test(events_that_always_fail_do_not_excuse_each_other),
		cmocka_unit_test(new_credentials_end_a_pause_at_once),
		cmocka_unit_test(new_credentials_wait_for_the_request_under_way),
		cmocka_unit_test(new_credentials_are_not_paused_by_an_answer_to_the_old_ones),
		cmocka_unit_test(what_was_learned_is_recorded_and_used_after_a_restart),
		cmocka_unit_test(a_learned_size_is_kept),
		cmocka_unit_test(new_credentials_do_not_end_a_back_off),
		cmocka_unit_test(a_403_for_one_event_does_not_keep_the_breaker_open),
	};

	return cmocka_run_group_tests_name("dispatcher in an outage", tests, NULL, NULL);
}
