/* Two sites in one dispatcher: a delay of one does not affect the other. */
#include "lib/unit.h"

#include <string.h>

#include "dispatch/queue/fill.h"
#include "unit/dispatch/dispatch_rig.h"

#define HOUR INT64_C(3600000)
#define BACKLOG 20000

static void
begin(struct rig *r)
{
	rig_init(r);
	r->two = true;
	rig_start(r);
}

static void
add(struct rig *r, int64_t site_id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fake_outbox_add(r->outbox, site_id, "1");
	dispatcher_wake(r->dispatcher);
	rig_settle(r);
}

static bool
goes_to_other(struct rig *r, size_t i)
{
	return strstr(r->transport->requests[i]->request.url, "site_uuid=u-2") != NULL;
}

/* Returns the first open request of the other site; fails when there is none. */
static size_t
find_other(struct rig *r)
{
	for (size_t i = 0; i < rig_requests(r); i++)
		if (r->transport->requests[i]->open && goes_to_other(r, i))
			return i;
	fail_msg("the other site has no request out");
	return 0;
}

static size_t
count_pending(struct rig *r, int64_t site_id)
{
	size_t n = 0;

	for (int64_t id = 1; id <= (int64_t)r->outbox->n_events; id++)
		n += fake_outbox_event(r->outbox, id)->site_id == site_id
		     && fake_outbox_event(r->outbox, id)->status == STATUS_PENDING;
	return n;
}

/* Delivers all events of the other site without any time passing. */
static void
deliver_other(struct rig *r, size_t n)
{
	add(r, RIG_OTHER, n);
	while (count_pending(r, RIG_OTHER) > 0) {
		fake_transport_answer(r->transport, find_other(r), 200, "{}", -1);
		rig_settle(r);
	}
}

static void
each_site_has_its_own_credentials_and_order(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.two = true;
	r.other.publishable_key = "pub-2";
	r.other.secret_key = "sec-2";
	r.other.batch_events = 2;
	rig_start(&r);
	add(&r, RIG_SITE, 1);
	add(&r, RIG_OTHER, 2);
	add(&r, RIG_SITE, 1);
	assert_int_equal(rig_requests(&r), 2);
	assert_string_equal(r.transport->requests[0]->request.user, "pub");
	assert_string_equal(r.transport->requests[1]->request.user, "pub-2");
	assert_string_equal(r.transport->requests[1]->request.password, "sec-2");
	assert_string_equal(rig_body(&r, 1), "{\"events\":[1,1]}");
	assert_int_equal(fake_outbox_attempt(r.outbox, 2)->site_id, RIG_OTHER);
	rig_free(&r);
}

/* The same address at two sites means two people: neither waits for the other. */
static void
an_address_is_held_back_at_its_own_site_only(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.two = true;
	r.site.concurrency = r.other.concurrency = 2;
	rig_start(&r);
	for (int i = 0; i < 2; i++) {
		int64_t id = fake_outbox_add(r.outbox, i == 0 ? RIG_OTHER : RIG_SITE, "1");

		fake_outbox_event(r.outbox, id)->email = "ann@example.com";
		dispatcher_wake(r.dispatcher);
		rig_settle(&r);
	}
	assert_int_equal(fake_transport_open(r.transport), 2);
	rig_free(&r);
}

static void
an_answer_that_does_not_come_delays_one_site_only(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, RIG_SITE, 1);
	deliver_other(&r, 30);
	assert_int_equal(fake_transport_open(r.transport), 1);
	assert_int_equal(count_pending(&r, RIG_SITE), 1);
	rig_free(&r);
}

static const struct {
	int status; /* 0: no connection */
	int64_t retry_after_ms;
} troubles[] = { { 0, -1 }, { 401, -1 }, { 403, -1 }, { 429, -1 }, { 503, HOUR }, { 502, -1 },
	{ 500, -1 } };

static void
trouble_at_one_site_does_not_affect_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		struct rig r;

		begin(&r);
		add(&r, RIG_SITE, 5);
		if (troubles[i].status == 0)
			fake_transport_break(r.transport, 0, PHASE_NOT_SENT, "no route");
		else
			fake_transport_answer(
			    r.transport, 0, troubles[i].status, "", troubles[i].retry_after_ms);
		rig_settle(&r);
		deliver_other(&r, 30);
		assert_int_equal(count_pending(&r, RIG_SITE), 5);
		assert_int_equal(r.dispatcher->sites[0].health.breaker.failures, 1);
		assert_int_equal(r.dispatcher->sites[1].health.breaker.failures, 0);
		rig_free(&r);
	}
}

static void
a_pace_or_a_pause_holds_one_site_only(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.two = true;
	r.site.link.requests_per_minute = 1;
	r.site.batch_events = 1;
	rig_start(&r);
	add(&r, RIG_SITE, 5);
	fake_transport_answer(r.transport, 0, 200, "{}", -1);
	rig_settle(&r);
	deliver_other(&r, 30);
	assert_int_equal(count_pending(&r, RIG_SITE), 4);
	dispatcher_site_control(r.dispatcher, RIG_SITE, DISPATCH_PAUSE);
	deliver_other(&r, 30);
	rig_pass(&r, HOUR);
	assert_int_equal(count_pending(&r, RIG_SITE), 4);
	deliver_other(&r, 1);
	rig_free(&r);
}

/* One delayed event blocks a huge backlog. */
static void
a_blocked_backlog_starves_no_other_site(void **state)
{
	unsigned before;
	struct rig r;

	(void)state;
	begin(&r);
	for (size_t i = 0; i < BACKLOG; i++)
		fake_outbox_event(r.outbox, fake_outbox_add(r.outbox, RIG_SITE, "1"))->email =
		    "ann@example.com";
	fake_outbox_event(r.outbox, 1)->next_attempt_at = r.time.wall + HOUR;
	fake_outbox_add(r.outbox, RIG_OTHER, "1");
	dispatcher_wake(r.dispatcher);
	before = r.outbox->loads;
	/* The attempt is recorded in the first step, and the request is sent in the second. */
	for (int i = 0; i < 4 && rig_requests(&r) == 0; i++) {
		dispatcher_step(r.dispatcher);
		fake_outbox_commit(r.outbox);
	}
	assert_int_equal(rig_requests(&r), 1);
	assert_true(goes_to_other(&r, 0));
	assert_true(r.outbox->loads - before <= 4 * FILL_LOOK_MAX);
	/* even while that backlog is searched again and again */
	deliver_other(&r, 10);
	assert_int_equal(count_pending(&r, RIG_SITE), BACKLOG);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_site_has_its_own_credentials_and_order),
		cmocka_unit_test(an_address_is_held_back_at_its_own_site_only),
		cmocka_unit_test(an_answer_that_does_not_come_delays_one_site_only),
		cmocka_unit_test(trouble_at_one_site_does_not_affect_another),
		cmocka_unit_test(a_pace_or_a_pause_holds_one_site_only),
		cmocka_unit_test(a_blocked_backlog_starves_no_other_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
