/* The dispatcher when Bento refuses: the bad events are isolated, the others delivered once. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/dispatch/fake_bento.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

static void
check_fate(struct rig *r, struct fake_bento *b, int64_t n)
{
	for (int64_t id = 1; id <= n; id++) {
		struct fake_event *event = fake_outbox_event(r->outbox, id);

		if (event->status != (b->bad[id] ? STATUS_FAILED : STATUS_DELIVERED)
		    || b->got[id] != !b->bad[id] || event->attempts != 1)
			fail_msg("event %lld: %s, got %u times, %u attempts", (long long)id,
			    status_name(event->status), b->got[id], event->attempts);
		if (b->bad[id])
			assert_string_equal(event->reason, "refused");
	}
}

/* The most requests that isolating k of n events takes: two for each halving of n (log2, rounded
 * up) for each bad event, plus one. */
static size_t
bound(size_t n, size_t k)
{
	size_t log = 0;

	while (((size_t)1 << log) < n)
		log++;
	return 2 * k * log + 1;
}

/* Returns the number of requests beyond those of an accepted batch. */
static size_t
isolate(size_t n, const int64_t *bad, size_t k, int bad_status)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;
	size_t more;

	rig_init(&r);
	r.site.batch_events = 1000;
	r.site.batch_bytes = 1000000;
	b->bad_status = bad_status;
	rig_start(&r);
	for (size_t i = 0; i < k; i++)
		b->bad[bad[i]] = true;
	rig_add(&r, n);
	fake_bento_serve(b, &r, SECOND);
	check_fate(&r, b, (int64_t)n);
	more = b->requests - 1;
	if (more > bound(n, k))
		fail_msg("%zu bad among %zu took %zu requests", k, n, more);
	free(b);
	rig_free(&r);
	return more;
}

static void
one_bad_event_is_found_wherever_it_is(void **state)
{
	static const int64_t places[] = { 1, 2, 3, 499, 500, 501, 512, 777, 999, 1000 };
	size_t most = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t more = isolate(1000, &places[i], 1, i % 2 == 0 ? 422 : 0);

		most = more > most ? more : most;
	}
	print_message("1 bad among 1000: at most %zu requests more\n", most);
}

static void
several_bad_events_are_found(void **state)
{
	int64_t bad[100];

	(void)state;
	for (int64_t i = 0; i < 7; i++)
		bad[i] = 17 + i * 141;
	print_message("7 bad among 1000: %zu requests more\n", isolate(1000, bad, 7, 400));
	for (int64_t i = 0; i < 100; i++)
		bad[i] = 1 + (i * 379) % 1000;
	print_message("100 bad among 1000: %zu requests more\n", isolate(1000, bad, 100, 0));
}

static void
small_batches_are_split_too(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 17; n++)
		for (int64_t bad = 1; bad <= (int64_t)n; bad++)
			isolate(n, &bad, 1, 422);
}

static void
splitting_continues_after_a_restart(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;
	size_t before;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 100;
	rig_start(&r);
	b->bad_status = 422;
	b->bad[60] = true;
	rig_add(&r, 64);
	rig_settle(&r);
	for (size_t i = 0; i < 3; i++)
		fake_bento_answer(b, &r, i);
	before = b->requests;
	/* 64 refused, 1..32 delivered, 33..64 refused; 33..48 are in flight */
	fake_bento_read(b, &r, 3);
	assert_int_equal(b->last[0], 33);
	assert_int_equal(b->n_last, 16);
	rig_restart(&r);
	b->requests = 0;
	fake_bento_serve(b, &r, SECOND);
	/* the events in flight are sent again as the same group */
	fake_bento_read(b, &r, 0);
	assert_int_equal(b->last[0], 33);
	assert_int_equal(b->n_last, 16);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 63);
	assert_string_equal(fake_outbox_event(r.outbox, 60)->reason, "refused");
	assert_int_equal(before, 3);
	free(b);
	rig_free(&r);
}

static void
halves_are_not_mixed_with_fresh_events(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 8;
	rig_start(&r);
	rig_add(&r, 6);
	rig_settle(&r);
	rig_add(&r, 6);
	rig_answer(&r, 422, "{}");
	fake_bento_read(b, &r, 1);
	assert_int_equal(b->n_last, 3);
	rig_answer(&r, 200, "{}");
	fake_bento_read(b, &r, 2);
	assert_int_equal(b->last[0], 4);
	assert_int_equal(b->n_last, 3);
	rig_answer(&r, 200, "{}");
	fake_bento_read(b, &r, 3);
	assert_int_equal(b->last[0], 7);
	assert_int_equal(b->n_last, 6);
	free(b);
	rig_free(&r);
}

static void
bentos_words_are_kept(void **state)
{
	struct rig r;
	struct fake_attempt *a;

	(void)state;
	rig_init(&r);
	rig_start(&r);
	rig_add(&r, 1);
	rig_settle(&r);
	rig_answer(&r, 422, "{\"errors\":[{\"field\":\"email\",\"message\":\"is invalid\"}]}");
	a = fake_outbox_attempt(r.outbox, 1);
	assert_int_equal(a->outcome, OUTCOME_REFUSED);
	assert_string_equal(a->error, "email is invalid");
	assert_int_equal(fake_outbox_event(r.outbox, 1)->status, STATUS_FAILED);
	assert_string_equal(fake_outbox_event(r.outbox, 1)->reason, "refused");
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_READY);
	rig_free(&r);
}

static void
an_event_too_large_alone_fails_and_the_size_is_learned(void **state)
{
	struct fake_bento *b = fake_bento_new();
	char large[400];
	struct rig r;
	size_t limit;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1000;
	r.site.batch_bytes = 100000;
	rig_start(&r);
	b->max_bytes = 3000;
	memset(large, 'x', sizeof(large));
	rig_add(&r, 1000);
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 1000);
	limit = r.dispatcher->sites[0].health.byte_limit;
	assert_true(limit >= 1500 && limit <= 100000);
	/* a second group does not start from the full size again, but near the size that passed */
	b->requests = rig_requests(&r);
	rig_add(&r, 100);
	rig_settle(&r);
	assert_true(strlen(rig_last_body(&r)) <= limit);
	fake_bento_serve(b, &r, SECOND);
	snprintf(large, sizeof(large), "{\"n\":%zu,\"x\":\"%0300d\"}", r.outbox->n_events + 1, 0);
	b->max_bytes = 100;
	fake_outbox_add(r.outbox, RIG_SITE, large);
	rig_add(&r, 0);
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_event(r.outbox, 1101)->status, STATUS_FAILED);
	assert_string_equal(fake_outbox_event(r.outbox, 1101)->reason, "too_large");
	free(b);
	rig_free(&r);
}

static void
the_size_is_raised_again_by_an_eighth(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;
	const struct health *h;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 1000;
	r.site.batch_bytes = 8000;
	rig_start(&r);
	h = &r.dispatcher->sites[0].health;
	rig_add(&r, 12000);
	rig_settle(&r);
	rig_answer(&r, 413, "");
	assert_true(h->byte_limit >= 3900 && h->byte_limit <= 4000);
	b->requests = 1;
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(h->byte_limit, 8000);
	free(b);
	rig_free(&r);
}

/* A wrong mapping must not fail a whole backlog. */
static void
when_all_are_refused_the_site_pauses(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 100;
	r.site.policy.all_refused = 25;
	rig_start(&r);
	b->bad_status = 422;
	for (int64_t id = 1; id <= 1000; id++)
		b->bad[id] = true;
	rig_add(&r, 1000);
	fake_bento_serve(b, &r, 59 * 60 * SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_FAILED), 25);
	assert_int_equal(r.outbox->site.mode, OUTBOX_SITE_PAUSED);
	assert_memory_equal(r.outbox->site.reason, "all_refused", 11);
	/* probes fail no event, and each takes another event */
	for (int i = 0; i < 5; i++) {
		int64_t last = b->last[0];

		rig_pass(&r, HOUR);
		fake_bento_answer(b, &r, rig_requests(&r) - 1);
		assert_int_equal(b->n_last, 1);
		assert_true(b->last[0] != last);
	}
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_FAILED), 25);
	/* when one passes, delivery continues */
	memset(b->bad, 0, sizeof(b->bad));
	fake_bento_serve(b, &r, 2 * HOUR);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_DELIVERED), 975);
	free(b);
	rig_free(&r);
}

static void
refusals_with_others_between_pause_nothing(void **state)
{
	struct fake_bento *b = fake_bento_new();
	struct rig r;

	(void)state;
	rig_init(&r);
	r.site.batch_events = 100;
	r.site.policy.all_refused = 3;
	rig_start(&r);
	b->bad_status = 422;
	for (int64_t id = 1; id <= 200; id++)
		b->bad[id] = id % 3 != 0;
	rig_add(&r, 200);
	fake_bento_serve(b, &r, SECOND);
	assert_int_equal(fake_outbox_count(r.outbox, STATUS_PENDING), 0);
	check_fate(&r, b, 200);
	free(b);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bad_event_is_found_wherever_it_is),
		cmocka_unit_test(several_bad_events_are_found),
		cmocka_unit_test(small_batches_are_split_too),
		cmocka_unit_test(splitting_continues_after_a_restart),
		cmocka_unit_test(halves_are_not_mixed_with_fresh_events),
		cmocka_unit_test(bentos_words_are_kept),
		cmocka_unit_test(an_event_too_large_alone_fails_and_the_size_is_learned),
		cmocka_unit_test(the_size_is_raised_again_by_an_eighth),
		cmocka_unit_test(when_all_are_refused_the_site_pauses),
		cmocka_unit_test(refusals_with_others_between_pause_nothing),
	};

	return cmocka_run_group_tests_name("dispatcher splitting", tests, NULL, NULL);
}
