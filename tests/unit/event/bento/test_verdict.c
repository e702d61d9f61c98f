/* event/bento/verdict: every row of the policy, written a second time from doc/bento.md. */
#include "lib/unit.h"

#include <string.h>

#include "event/bento/verdict.h"

struct status_case {
	int first;
	int last;
	enum attempt_outcome outcome;
	enum verdict_step step;
	enum verdict_site site;
	const char *reason;
};

static const struct status_case statuses[] = {
	{ 300, 399, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "redirected" },
	{ 400, 400, OUTCOME_REFUSED, STEP_SPLIT, SITE_READY, "refused" },
	{ 401, 401, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unauthorized" },
	{ 402, 402, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "payment_required" },
	{ 403, 403, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "forbidden" },
	{ 404, 404, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "not_found" },
	{ 405, 406, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 407, 407, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "proxy_refused" },
	{ 408, 408, OUTCOME_RETRY, STEP_AGAIN, SITE_BACKOFF, "request_timeout" },
	{ 409, 409, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 410, 410, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "gone" },
	{ 411, 412, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 413, 413, OUTCOME_REFUSED, STEP_SPLIT, SITE_READY, "too_large" },
	{ 414, 421, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 422, 422, OUTCOME_REFUSED, STEP_SPLIT, SITE_READY, "refused" },
	{ 423, 424, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 425, 425, OUTCOME_RETRY, STEP_AGAIN, SITE_BACKOFF, "too_early" },
	{ 426, 428, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 429, 429, OUTCOME_RETRY, STEP_AGAIN, SITE_THROTTLE, "rate_limited" },
	{ 430, 499, OUTCOME_RETRY, STEP_AGAIN, SITE_PAUSE, "unexpected_status" },
	{ 500, 501, OUTCOME_RETRY, STEP_AGAIN, SITE_BACKOFF, "server_error" },
	{ 502, 502, OUTCOME_UNKNOWN, STEP_AGAIN, SITE_BACKOFF, "gateway_error" },
	{ 503, 503, OUTCOME_RETRY, STEP_AGAIN, SITE_BACKOFF, "server_error" },
	{ 504, 504, OUTCOME_UNKNOWN, STEP_AGAIN, SITE_BACKOFF, "gateway_error" },
	{ 505, 519, OUTCOME_RETRY, STEP_AGAIN, SITE_BACKOFF, "server_error" },
	{ 520, 527, OUTCOME_UNKNOWN, STEP_AGAIN, SITE_BACKOFF, "gateway_error" },
	{ 528, 599, OUTCOME_RETRY, STEP_AGAIN, SITE_BACKOFF, "server_error" },
	/* statuses that HTTP does not define */
	{ 600, 999, OUTCOME_UNKNOWN, STEP_AGAIN, SITE_BACKOFF, "unexpected_status" },
	{ 0, 199, OUTCOME_UNKNOWN, STEP_AGAIN, SITE_BACKOFF, "unexpected_status" },
};

static struct verdict_facts
facts_of(int status, const char *body, unsigned n_events)
{
	struct verdict_facts f = {
		.phase = PHASE_ANSWERED,
		.http_status = status,
		.retry_after_ms = -1,
		.n_events = n_events,
		.n_items = n_events,
	};

	bento_reply_parse(slice_from(body), &f.reply);
	return f;
}

static void
every_status_has_its_row(void **state)
{
	unsigned checked = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		for (int status = statuses[i].first; status <= statuses[i].last; status++) {
			const struct status_case *c = &statuses[i];
			/* the body of an error makes no difference */
			struct verdict_facts f = facts_of(status, "{\"results\":3}", 3);
			struct verdict v;

			verdict_decide(&f, &v);
			if (v.outcome != c->outcome || v.step != c->step || v.site != c->site)
				fail_msg("status %d", status);
			assert_string_equal(v.reason, c->reason);
			assert_int_equal(v.maybe_sent, c->outcome == OUTCOME_UNKNOWN);
			checked++;
		}
	assert_int_equal(checked, 900);
}

struct reply_case {
	const char *body;
	unsigned n_events;
	unsigned n_maybe_sent;
	enum attempt_outcome outcome;
	enum verdict_step step;
	enum verdict_site site;
	const char *reason;
};

#define DELIVERED OUTCOME_DELIVERED, STEP_DELIVERED, SITE_READY, NULL
#define UNREADABLE OUTCOME_UNKNOWN, STEP_AGAIN, SITE_BACKOFF, "unreadable_reply"
#define REFUSED OUTCOME_REFUSED, STEP_SPLIT, SITE_READY, "refused"
#define ALONE OUTCOME_REFUSED, STEP_FAIL, SITE_READY, "refused"
#define MAYBE OUTCOME_REFUSED, STEP_HOLD, SITE_READY, "maybe_delivered"
#define PARTIAL OUTCOME_PARTIAL, STEP_SPLIT, SITE_READY, "partial"
#define PART_HELD OUTCOME_PARTIAL, STEP_HOLD, SITE_READY, "partially_delivered"

static const struct reply_case replies[] = {
	{ "{\"results\":5,\"failed\":0}", 5, 0, DELIVERED },
	{ "{\"results\":5}", 5, 0, DELIVERED },
	{ "{\"failed\":0}", 5, 0, DELIVERED },
	{ "{\"results\":6}", 5, 0, DELIVERED },
	{ "{}", 5, 0, DELIVERED },
	{ "{\"message\":\"queued\"}", 5, 0, DELIVERED },
	/* none was accepted */
	{ "{\"results\":0,\"failed\":5}", 5, 0, REFUSED },
	{ "{\"results\":0,\"failed\":1}", 1, 0, ALONE },
	{ "{\"results\":0,\"failed\":1}", 5, 0, REFUSED },
	{ "{\"results\":0}", 5, 0, REFUSED },
	{ "{\"results\":0,\"failed\":0}", 5, 0, REFUSED },
	{ "{\"failed\":5}", 5, 0, REFUSED },
	{ "{\"failed\":6}", 5, 0, REFUSED },
	/* some of the events were accepted */
	{ "{\"results\":4,\"failed\":1}", 5, 0, PARTIAL },
	{ "{\"results\":1,\"failed\":4}", 5, 0, PARTIAL },
	{ "{\"failed\":4}", 5, 0, PARTIAL },
	{ "{\"results\":4}", 5, 0, PARTIAL },
	{ "{\"results\":4,\"failed\":0}", 5, 0, PARTIAL },
	{ "{\"results\":5,\"failed\":1}", 5, 0, PARTIAL },
	{ "{\"results\":1,\"failed\":5}", 5, 0, PARTIAL },
	/* Bento may already have these events: an event that it does not count may be a
	 * duplicate ... */
	{ "{\"results\":4,\"failed\":0}", 5, 1, DELIVERED },
	{ "{\"results\":3,\"failed\":0}", 5, 1, PARTIAL },
	{ "{\"results\":0,\"failed\":0}", 5, 5, DELIVERED },
	{ "{\"results\":0,\"failed\":0}", 5, 4, REFUSED },
	/* ... but only when the answer says that nothing failed */
	{ "{\"results\":4}", 5, 5, PARTIAL },
	{ "{\"results\":0}", 5, 5, REFUSED },
	{ "{\"results\":0}", 1, 1, MAYBE },
	{ "{\"results\":0,\"failed\":1}", 1, 1, MAYBE },
	{ "{\"results\":0,\"failed\":0}", 1, 1, DELIVERED },
	{ "{\"results\":1,\"failed\":1}", 1, 0, PART_HELD },
	{ "{\"results\":0,\"failed\":5}", 5, 1, REFUSED },
	{ "{\"results\":4,\"failed\":1}", 5, 5, PARTIAL },
	/* the answer says nothing about the events */
	{ "", 5, 0, UNREADABLE },
	{ "OK", 5, 0, UNREADABLE },
	{ "<html>log in</html>", 5, 0, UNREADABLE },
	{ "{\"results\":5", 5, 0, UNREADABLE },
	{ "{\"results\":1e308}", 1, 0, UNREADABLE },
	{ "{\"results\":5,\"failed\":-1}", 5, 0, UNREADABLE },
	{ "{\"results\":\"5\"}", 5, 0, UNREADABLE },
	{ "{\"results\":5,\"failed\":null}", 5, 0, DELIVERED },
	{ "[]", 5, 0, UNREADABLE },
	{ "{\"error\":\"no\"}", 5, 0, UNREADABLE },
	{ "{\"errors\":[\"no\"]}", 5, 0, UNREADABLE },
};

static void
every_shape_of_a_good_answer_has_its_row(void **state)
{
	static const int good[] = { 200, 201, 202, 204, 299 };

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
			const struct reply_case *c = &replies[i];
			struct verdict_facts f = facts_of(good[k], c->body, c->n_events);
			struct verdict v;

			f.n_maybe_sent = c->n_maybe_sent;
			f.unique_keys = true;
			verdict_decide(&f, &v);
			if (v.outcome != c->outcome || v.step != c->step || v.site != c->site)
				fail_msg("%s of %u", c->body, c->n_events);
			assert_int_equal(v.maybe_sent,
			    c->outcome == OUTCOME_UNKNOWN || c->outcome == OUTCOME_PARTIAL);
			if (c->reason == NULL)
				assert_null(v.reason);
			else
				assert_string_equal(v.reason, c->reason);
		}
}

struct item_case {
	const char *body;
	unsigned n_events;
	unsigned n_items;
	unsigned n_maybe_sent;
	enum attempt_outcome outcome;
	enum verdict_step step;
	enum verdict_site site;
	const char *reason;
};

/* Bento counts items, but a batch is split by events. Unique keys do not help a single event: its
 * items stay together. */
static const struct item_case items[] = {
	{ "{\"results\":5,\"failed\":0}", 3, 5, 0, DELIVERED },
	{ "{\"results\":3,\"failed\":0}", 3, 5, 0, PARTIAL },
	{ "{\"results\":4,\"failed\":1}", 3, 5, 0, PARTIAL },
	{ "{\"failed\":3}", 3, 5, 0, PARTIAL },
	{ "{\"failed\":5}", 3, 5, 0, REFUSED },
	{ "{\"results\":0,\"failed\":5}", 3, 5, 0, REFUSED },
	{ "{\"results\":3,\"failed\":0}", 3, 5, 2, DELIVERED },
	{ "{\"results\":2,\"failed\":0}", 3, 5, 2, PARTIAL },
	/* one event */
	{ "{\"results\":2,\"failed\":0}", 1, 2, 0, DELIVERED },
	{ "{\"results\":1,\"failed\":1}", 1, 2, 0, PART_HELD },
	{ "{\"results\":1}", 1, 2, 0, PART_HELD },
	{ "{\"failed\":1}", 1, 2, 0, PART_HELD },
	{ "{\"results\":0,\"failed\":2}", 1, 2, 0, ALONE },
	{ "{\"results\":1,\"failed\":1}", 1, 2, 2, PART_HELD },
	{ "{\"results\":1,\"failed\":0}", 1, 2, 2, DELIVERED },
	{ "{\"results\":0,\"failed\":2}", 1, 2, 2, MAYBE },
};

static void
bento_counts_items_and_events_are_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		const struct item_case *c = &items[i];
		struct verdict_facts f = facts_of(200, c->body, c->n_events);
		struct verdict v;

		f.n_items = c->n_items;
		f.n_maybe_sent = c->n_maybe_sent;
		f.unique_keys = true;
		verdict_decide(&f, &v);
		if (v.outcome != c->outcome || v.step != c->step || v.site != c->site)
			fail_msg("%s of %u, %u items", c->body, c->n_events, c->n_items);
		if (c->reason != NULL)
			assert_string_equal(v.reason, c->reason);
	}
}

static struct verdict
verdict_of(const struct verdict_facts *f)
{
	struct verdict v;

	verdict_decide(f, &v);
	return v;
}

static void
what_fails_with_this_batch_may_be_its_own_fault(void **state)
{
	static const int ours[] = { 301, 403, 404, 408, 410, 418, 500, 502, 503, 520, 599, 0 };
	static const int others[] = { 200, 400, 401, 402, 407, 413, 422, 425, 429 };
	struct verdict_facts f = facts_of(200, "{}", 3);

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		f.http_status = ours[i];
		assert_true(verdict_of(&f).batch_fault);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		f.http_status = others[i];
		assert_false(verdict_of(&f).batch_fault);
	}
	f.phase = PHASE_NOT_SENT;
	assert_false(verdict_of(&f).batch_fault);
	f.phase = PHASE_SENDING;
	assert_true(verdict_of(&f).batch_fault);
}

static void
an_event_refused_alone_fails(void **state)
{
	static const int statuses_[] = { 400, 422 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct verdict_facts f = facts_of(statuses_[i], "", 1);

		/* an error status is about the event, even if it was maybe sent before */
		f.n_maybe_sent = 1;
		assert_int_equal(verdict_of(&f).step, STEP_FAIL);
		assert_string_equal(verdict_of(&f).reason, "refused");
	}
	assert_int_equal(
	    verdict_of(&(struct verdict_facts){
			   .phase = PHASE_ANSWERED, .http_status = 413, .n_events = 1 })
		.step,
	    STEP_FAIL);
}

static void
policies_decide_where_nobody_knows(void **state)
{
	struct verdict_policy policy = { .partial = PARTIAL_HOLD };
	struct verdict_facts f = facts_of(200, "{\"results\":1,\"failed\":1}", 2);

	(void)state;
	f.unique_keys = true;
	assert_int_equal(verdict_of(&f).step, STEP_SPLIT);
	f.unique_keys = false;
	assert_int_equal(verdict_of(&f).step, STEP_HOLD);
	assert_string_equal(verdict_of(&f).reason, "partially_delivered");
	f.unique_keys = true;
	f.policy = &policy;
	assert_int_equal(verdict_of(&f).step, STEP_HOLD);
	assert_true(verdict_of(&f).maybe_sent);

	f = facts_of(200, "welcome", 2);
	f.policy = &policy;
	policy.ambiguous = AMBIGUOUS_DELIVERED;
	assert_int_equal(verdict_of(&f).outcome, OUTCOME_DELIVERED);
	assert_int_equal(verdict_of(&f).step, STEP_DELIVERED);
	policy.ambiguous = AMBIGUOUS_HOLD;
	assert_int_equal(verdict_of(&f).outcome, OUTCOME_UNKNOWN);
	assert_int_equal(verdict_of(&f).step, STEP_HOLD);
	assert_int_equal(verdict_of(&f).site, SITE_READY);
	policy.ambiguous = AMBIGUOUS_DELIVERED;
	f = facts_of(200, "{\"error\":\"no\"}", 2);
	f.policy = &policy;
	assert_int_equal(verdict_of(&f).step, STEP_AGAIN);

	f = facts_of(200, "{\"results\":0,\"failed\":1}", 1);
	f.policy = &policy;
	f.n_maybe_sent = 1;
	assert_int_equal(verdict_of(&f).step, STEP_HOLD);
	policy.maybe_delivered = MAYBE_FAIL;
	assert_int_equal(verdict_of(&f).step, STEP_FAIL);
}

static void
when_all_are_refused_the_site_pauses_and_the_next_ones_wait(void **state)
{
	struct verdict_policy policy = { .all_refused = 3 };
	struct verdict_facts f = facts_of(422, "{\"message\":\"no\"}", 1);
	struct verdict v;
	char text[300];

	(void)state;
	f.policy = &policy;
	for (f.refused = 0; f.refused < 6; f.refused++) {
		v = verdict_of(&f);
		assert_int_equal(v.outcome, OUTCOME_REFUSED);
		assert_int_equal(v.step, f.refused < 3 ? STEP_FAIL : STEP_AGAIN);
		assert_int_equal(v.site, f.refused < 2 ? SITE_READY : SITE_PAUSE);
	}
	verdict_explain(&f, &v, text, sizeof(text));
	assert_memory_equal(text, "all_refused: HTTP 422", 21);
	/* batches that are refused are split first */
	f.n_events = 2;
	assert_int_equal(verdict_of(&f).step, STEP_SPLIT);
	assert_int_equal(verdict_of(&f).site, SITE_READY);
	f.n_events = 1;
	policy.all_refused = 0;
	assert_int_equal(verdict_of(&f).step, STEP_FAIL);
}

static void
without_an_answer_the_phase_decides(void **state)
{
	struct verdict_facts f = facts_of(200, "{\"results\":1}", 1);
	struct verdict v;

	(void)state;
	f.retry_after_ms = 5000;
	f.phase = PHASE_NOT_SENT;
	verdict_decide(&f, &v);
	assert_int_equal(v.outcome, OUTCOME_NOT_SENT);
	assert_int_equal(v.step, STEP_AGAIN);
	assert_int_equal(v.site, SITE_BACKOFF);
	assert_false(v.maybe_sent);
	assert_int_equal(v.wait_at_least_ms, 0);
	f.phase = PHASE_SENDING;
	verdict_decide(&f, &v);
	assert_int_equal(v.outcome, OUTCOME_UNKNOWN);
	assert_int_equal(v.step, STEP_AGAIN);
	assert_int_equal(v.site, SITE_BACKOFF);
	assert_true(v.maybe_sent);
	assert_int_equal(v.wait_at_least_ms, 0);
}

static int64_t
wait_of(int status, int64_t retry_after_ms, unsigned throttled)
{
	struct verdict_facts f = facts_of(status, "", 1);
	struct verdict v;

	f.retry_after_ms = retry_after_ms;
	f.throttled = throttled;
	verdict_decide(&f, &v);
	return v.wait_at_least_ms;
}

static void
retry_after_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(wait_of(503, -1, 0), 0);
	assert_int_equal(wait_of(503, 0, 0), 1000);
	assert_int_equal(wait_of(503, 999, 0), 1000);
	assert_int_equal(wait_of(503, 1001, 0), 1001);
	assert_int_equal(wait_of(503, 3600000, 0), 3600000);
	assert_int_equal(wait_of(503, 3600001, 0), 3600000);
	assert_int_equal(wait_of(502, 7000, 0), 7000);
	assert_int_equal(wait_of(429, 7000, 9), 7000);
	assert_int_equal(wait_of(401, 7000, 0), 7000);
	/* a refusal concerns the events, not the site */
	assert_int_equal(wait_of(400, 7000, 0), 0);
}

static void
a_rate_limit_doubles_from_a_minute_to_an_hour(void **state)
{
	(void)state;
	assert_int_equal(wait_of(429, -1, 0), 60000);
	assert_int_equal(wait_of(429, -1, 1), 120000);
	assert_int_equal(wait_of(429, -1, 5), 1920000);
	assert_int_equal(wait_of(429, -1, 6), 3600000);
	assert_int_equal(wait_of(429, -1, 4000000000u), 3600000);
}

static void
check_words(const struct verdict_facts *f, const char *words)
{
	struct verdict v;
	char text[256];

	verdict_decide(f, &v);
	verdict_explain(f, &v, text, sizeof(text));
	assert_string_equal(text, words);
}

static void
the_words_are_for_people(void **state)
{
	struct verdict_facts f = facts_of(401, "{\"error\":\"Invalid API key\"}", 3);

	(void)state;
	check_words(&f, "HTTP 401 from Bento: check publishable_key, secret_key and site_uuid"
			" (Invalid API key)");
	f = facts_of(302, "", 3);
	check_words(&f, "HTTP 302 from Bento: check api_url");
	f = facts_of(200, "{\"results\":0,\"failed\":3}", 3);
	check_words(
	    &f, "HTTP 200 from Bento, 0 of 3 accepted, 3 failed: look at the attempt's response");
	f = facts_of(200, "{\"results\":3}", 3);
	check_words(&f, "");
	f.phase = PHASE_NOT_SENT;
	f.error = "Could not resolve host: app.bentonow.com";
	check_words(&f, "cannot reach Bento: Could not resolve host: app.bentonow.com");
	f.phase = PHASE_SENDING;
	f.error = NULL;
	check_words(&f, "cut off before Bento's answer was complete: no reason known");
}

static void
outcomes_have_names(void **state)
{
	enum attempt_outcome outcome;

	(void)state;
	assert_string_equal(outcome_name(OUTCOME_NONE), "");
	for (int i = OUTCOME_DELIVERED; i <= OUTCOME_UNKNOWN; i++) {
		const char *name = outcome_name((enum attempt_outcome)i);

		assert_int_equal(outcome_parse(slice_from(name), &outcome), 0);
		assert_int_equal(outcome, i);
	}
	assert_string_equal(outcome_name(OUTCOME_NOT_SENT), "not_sent");
	assert_int_equal(outcome_parse(SLICE(""), &outcome), -1);
	assert_int_equal(outcome_parse(SLICE("Unknown"), &outcome), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_row),
		cmocka_unit_test(every_shape_of_a_good_answer_has_its_row),
		cmocka_unit_test(bento_counts_items_and_events_are_split),
		cmocka_unit_test(what_fails_with_this_batch_may_be_its_own_fault),
		cmocka_unit_test(an_event_refused_alone_fails),
		cmocka_unit_test(policies_decide_where_nobody_knows),
		cmocka_unit_test(when_all_are_refused_the_site_pauses_and_the_next_ones_wait),
		cmocka_unit_test(without_an_answer_the_phase_decides),
		cmocka_unit_test(retry_after_is_bounded),
		cmocka_unit_test(a_rate_limit_doubles_from_a_minute_to_an_hour),
		cmocka_unit_test(the_words_are_for_people),
		cmocka_unit_test(outcomes_have_names),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
