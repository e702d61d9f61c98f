/* event/bento/verdict: the counts in the answer of a central spooler. */
#include "lib/unit.h"

#include "event/bento/verdict.h"

static void
a_center_counts_each_call_once(void **state)
{
	static const struct {
		const char *body;
		enum verdict_step step;
	} answers[] = {
		{ "{\"results\":5,\"failed\":0}", STEP_DELIVERED },
		{ "{\"results\":4,\"failed\":1,\"error\":\"not stored\"}", STEP_SPLIT },
		{ "{\"results\":0,\"failed\":5}", STEP_SPLIT },
		/* an answer to another request, or from something in between */
		{ "{\"results\":0,\"failed\":0}", STEP_AGAIN },
		{ "{\"results\":4,\"failed\":0}", STEP_AGAIN },
		{ "{\"results\":6,\"failed\":0}", STEP_AGAIN },
		{ "{\"results\":5,\"failed\":1}", STEP_AGAIN },
		{ "{\"results\":0,\"failed\":6}", STEP_AGAIN },
		{ "{\"results\":5}", STEP_AGAIN },
		{ "{\"failed\":0}", STEP_AGAIN },
	};
	const struct verdict_policy center = { .center = true };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		for (unsigned maybe = 0; maybe <= 5; maybe += 5) {
			struct verdict_facts f = {
				.policy = &center,
				.phase = PHASE_ANSWERED,
				.http_status = 200,
				.retry_after_ms = -1,
				.n_events = 5,
				.n_items = 5,
				.n_maybe_sent = maybe,
				.unique_keys = true,
			};
			struct verdict v;

			assert_int_equal(
			    bento_reply_parse(slice_from(answers[i].body), &f.reply), 0);
			verdict_decide(&f, &v);
			if (v.step != answers[i].step)
				fail_msg("%s: %d", answers[i].body, (int)v.step);
			if (v.step == STEP_AGAIN)
				assert_string_equal(v.reason, "unreadable_reply");
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_center_counts_each_call_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
