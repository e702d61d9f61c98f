/* Poison events, which Bento always answers with a 500, among healthy ones. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/dispatch/fake_bento.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define ROUNDS 20000

/* What it took to deliver the healthy events. */
struct cost {
	size_t requests;
	size_t waits; /* how often the site waited although healthy events were pending */
};

static void
start(struct rig *r, struct fake_bento *b, unsigned batch_events)
{
	rig_init(r);
	r->site.batch_events = batch_events;
	r->site.batch_bytes = 1000000;
	b->bad_status = 500;
	rig_start(r);
}

static bool
is_open(struct rig *r)
{
	return fake_transport_open(r->transport) > 0;
}

static void
answer(struct rig *r, struct fake_bento *b)
{
	fake_bento_answer(b, r, rig_requests(r) - 1);
}

static struct cost
deliver(struct rig *r, struct fake_bento *b, size_t healthy)
{
	struct cost c = { .requests = 0 };

	rig_settle(r);
	for (int i = 0; i < ROUNDS && fake_outbox_count(r->outbox, STATUS_DELIVERED) < healthy;
	     i++) {
		if (is_open(r)) {
			answer(r, b);
			continue;
		}
		c.waits++;
		fake_clock_advance(&r->time, r->wait < 0 || r->wait > MINUTE ? MINUTE : r->wait);
		rig_settle(r);
	}
	c.requests = b->requests;
	return c;
}

/* Each healthy event arrived once and was charged for its delivery only; of the poison nothing
 * arrived. */
static void
check_fates(struct rig *r, struct fake_bento *b, int64_t n)
{
	for (int64_t id = 1; id <= n; id++) {
		const struct fake_event *event = fake_outbox_event(r->outbox, id);
		bool right = b->bad[id] ? event->status != STATUS_DELIVERED && b->got[id] == 0
					: event->status == STATUS_DELIVERED && b->got[id] == 1
					      && event->attempts == 1;

		if (!right)
			fail_msg("event %lld: %s, got %u times, %u attempts", (long long)id,
			    status_name(event->status), b->got[id], event->attempts);
	}
}

static void
check_spread(unsigned percent, const struct cost *most)
{
	struct fake_bento *b = fake_bento_new();
	int64_t n = 2000;
	struct cost c;
	struct rig r;

	start(&r, b, 100);
	for (int64_t id = 1; id <= n; id++)
		b->bad[id] = id * 7919 % 1000 < 10 * percent;
	rig_add(&r, (size_t)n);
	c = deliver(&r, b, (size_t)(n - n * percent / 100));
	print_message("%u %% poison: %zu requests, %zu waits\n", percent, c.requests, c.waits);
	check_fates(&r, b, n);
	assert_true(c.requests <= most->requests);
	assert_true(c.waits <= most->waits);
	free(b);
	rig_free(&r);
}

static void
a_hundredth_of_poison_costs_few_requests_and_waits(void **state)
{
	(void)state;
	check_spread(1, &(struct cost){ 450, 2 });
}

static void
a_tenth_of_poison_costs_few_requests_and_waits(void **state)
{
	(void)state;
	check_spread(10, &(struct cost){ 2100, 4 });
}

/* The first poison event blocks the others of its address. */
static void
poison_of_one_address_costs_as_much_as_one_event(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct cost c;
	struct rig r;

	(void)state;
	start(&r, b, 100);
	rig_add(&r, 2000);
	for (int64_t id = 1001; id <= 1200; id++) {
		b->bad[id] = true;
		fake_outbox_event(r.outbox, id)->email = "poison@example.com";
	}
	c = deliver(&r, b, 1800);
	check_fates(&r, b, 2000);
	assert_in_range(c.requests, 18, 60);
	free(b);
	rig_free(&r);
}

/* Lets event 2 of n be found to be poison, so that the next failure is excused. */
static void
learn_of_poison(struct rig *r, struct fake_bento *b, unsigned batch_events, size_t n)
{
	start(r, b, batch_events);
	b->bad[2] = true;
	rig_add(r, 4);
	rig_settle(r);
	rig_add(r, n - 4);
	for (int i = 0; i < ROUNDS && fake_outbox_event(r->outbox, 2)->attempts == 0; i++) {
		if (is_open(r))
			answer(r, b);
		else
			rig_pass(r, SECOND);
	}
	assert_int_equal(fake_outbox_event(r->outbox, 2)->attempts, 1);
	assert_true(is_open(r));
}

/* Answers the open request with a 500, and checks that the site waits. */
static void
check_not_excused(struct rig *r)
{
	size_t before = rig_requests(r);

	assert_true(is_open(r));
	rig_answer(r, 500, "");
	assert_int_equal(rig_requests(r), before);
	assert_int_equal(r->outbox->site.mode, OUTBOX_SITE_BACKOFF);
}

/* An outage gets three probes at once, once; then it waits as long as any outage. */
static void
an_outage_is_recognized_although_there_is_poison(void **state)
{
	struct fake_bento *b = fake_bento_new();
	size_t before;
	struct rig r;

	(void)state;
	learn_of_poison(&r, b, 4, 1000);
	before = rig_requests(&r);
	b->status = 503;
	while (is_open(&r))
		answer(&r, b);
	assert_int_equal(rig_requests(&r), before + BREAKER_AT_ONCE);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
	assert_int_equal(r.outbox->site.failures, 1 + BREAKER_AT_ONCE);
	for (int64_t end = r.time.mono + HOUR; r.time.mono < end;) {
		rig_pass(&r, SECOND);
		if (is_open(&r))
			answer(&r, b);
	}
	assert_true(rig_requests(&r) - before < 40);
	for (int64_t id = 1; id <= 1000; id++)
		assert_true(fake_outbox_event(r.outbox, id)->status == STATUS_DELIVERED
			    || fake_outbox_event(r.outbox, id)->attempts == (id == 2));
	/* after it the next failure is not excused either */
	b->status = 0;
	b->bad[2] = false;
	for (int i = 0; i < ROUNDS && r.outbox->site.mode != OUTBOX_SITE_READY; i++) {
		rig_pass(&r, MINUTE);
		if (is_open(&r))
			answer(&r, b);
	}
	check_not_excused(&r);
	free(b);
	rig_free(&r);
}

static void
a_wait_that_bento_asks_for_is_kept_although_there_is_poison(void **state)
{
	struct fake_bento *b = fake_bento_new();
	size_t before;
	struct rig r;

	(void)state;
	learn_of_poison(&r, b, 4, 100);
	before = rig_requests(&r);
	fake_transport_answer(r.transport, before - 1, 503, "", 60 * SECOND);
	rig_settle(&r);
	rig_pass(&r, 60 * SECOND - 1);
	assert_int_equal(rig_requests(&r), before);
	free(b);
	rig_free(&r);
}

/* When only events in doubt are left, probing at once again and again would teach nothing. */
static void
events_in_doubt_are_not_probed_at_once_again(void **state)
{
	(void)state;
	for (int charged = 0; charged <= 1; charged++) {
		struct fake_bento *b = fake_bento_new();
		size_t before;
		struct rig r;

		learn_of_poison(&r, b, 4, 40);
		deliver(&r, b, 39);
		before = rig_requests(&r);
		b->bad[41] = b->bad[42] = true;
		rig_add(&r, charged ? 2 : 1);
		if (charged) {
			/* known to be poison, but not to this process */
			fake_outbox_event(r.outbox, 42)->attempts = 1;
			fake_outbox_event(r.outbox, 42)->max_batch = 1;
			r.dispatcher->sites[0].queue.probed_event = 41;
		}
		rig_settle(&r);
		while (is_open(&r))
			answer(&r, b);
		/* event 41, and a probe with an event in doubt */
		assert_int_equal(rig_requests(&r), before + 2);
		assert_int_equal(b->last[0], charged ? 42 : 41);
		assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
		free(b);
		rig_free(&r);
	}
}

static void
an_event_that_fails_alone_does_not_make_batches_smaller(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	learn_of_poison(&r, b, 4, 400);
	do {
		assert_true(is_open(&r));
		fake_clock_advance(&r.time, 100);
		answer(&r, b);
	} while (b->n_last > 1 || b->last[0] != 2);
	answer(&r, b);
	assert_int_equal(b->n_last, 1);
	answer(&r, b);
	assert_int_equal(b->n_last, 4);
	free(b);
	rig_free(&r);
}

static void
a_reload_ends_the_excuses(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;
	struct err e;

	(void)state;
	learn_of_poison(&r, b, 4, 100);
	r.site.secret_key = "new";
	assert_int_equal(dispatcher_reload_sites(r.dispatcher, &r.site, 1, &e), 0);
	rig_answer(&r, 200, "{}");
	assert_string_equal(r.transport->requests[rig_requests(&r) - 1]->request.password, "new");
	check_not_excused(&r);
	free(b);
	rig_free(&r);
}

/* The server fails now and then, whatever it is sent: then failures wait again. */
static void
an_event_that_failed_alone_and_passes_ends_the_excuses(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	learn_of_poison(&r, b, 4, 400);
	b->bad[2] = false;
	for (int i = 0; i < ROUNDS && fake_outbox_event(r.outbox, 2)->status == STATUS_PENDING;
	     i++) {
		fake_clock_advance(&r.time, 100);
		answer(&r, b);
	}
	assert_int_equal(fake_outbox_event(r.outbox, 2)->status, STATUS_DELIVERED);
	check_not_excused(&r);
	free(b);
	rig_free(&r);
}

/* A charged event is known to be poison, even to another process. */
static void
a_probe_prefers_an_event_that_was_never_charged(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	start(&r, b, 1);
	rig_add(&r, 3);
	fake_outbox_event(r.outbox, 2)->attempts = 1;
	rig_settle(&r);
	rig_answer(&r, 500, "");
	rig_pass(&r, 5 * SECOND);
	fake_bento_read(b, &r, rig_requests(&r) - 1);
	assert_int_equal(b->last[0], 3);
	free(b);
	rig_free(&r);
}

/* Answers the newest request: /batch/subscribers fails, all else passes. Returns whether it
 * failed. */
static bool
answer_by_endpoint(struct rig *r)
{
	const char *url = r->transport->requests[rig_requests(r) - 1]->request.url;
	bool fails = strstr(url, "/batch/subscribers") != NULL;

	rig_answer(r, fails ? 500 : 200, "{}");
	return fails;
}

/* While one endpoint is out, requests that pass at another one excuse only a few failures, because
 * the cause may not be the events. */
static void
an_outage_of_one_endpoint_is_not_excused_for_long(void **state)
{
	struct fake_bento *b = fake_bento_new();
	size_t failed = 0;
	struct rig r;

	(void)state;
	learn_of_poison(&r, b, 600, 2000);
	deliver(&r, b, 1999);
	for (int i = 0; i < 600; i++) {
		int64_t id = fake_outbox_add(r.outbox, RIG_SITE, "s{}");

		fake_outbox_event(r.outbox, id)->email = "ann@example.com";
	}
	rig_add(&r, 600);
	rig_settle(&r);
	while (is_open(&r))
		failed += answer_by_endpoint(&r);
	assert_int_equal(failed, HEALTH_EXCUSES + 1);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_BACKOFF);
	free(b);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundredth_of_poison_costs_few_requests_and_waits),
		cmocka_unit_test(a_tenth_of_poison_costs_few_requests_and_waits),
		cmocka_unit_test(poison_of_one_address_costs_as_much_as_one_event),
		cmocka_unit_test(an_outage_is_recognized_although_there_is_poison),
		cmocka_unit_test(a_wait_that_bento_asks_for_is_kept_although_there_is_poison),
		cmocka_unit_test(events_in_doubt_are_not_probed_at_once_again),
		cmocka_unit_test(an_event_that_fails_alone_does_not_make_batches_smaller),
		cmocka_unit_test(a_reload_ends_the_excuses),
		cmocka_unit_test(an_event_that_failed_alone_and_passes_ends_the_excuses),
		cmocka_unit_test(a_probe_prefers_an_event_that_was_never_charged),
		cmocka_unit_test(an_outage_of_one_endpoint_is_not_excused_for_long),
	};

	return cmocka_run_group_tests_name("dispatcher with poison", tests, NULL, NULL);
}
