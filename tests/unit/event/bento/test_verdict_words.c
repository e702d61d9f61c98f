/* event/bento/verdict: error texts of Bento that say more than their HTTP status. */
#include "lib/unit.h"

#include <string.h>

#include "event/bento/verdict.h"

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
an_author_who_is_not_authorized_is_refused_at_any_status(void **state)
{
	static const char *const bodies[] = {
		"{\"error\":\"Author not authorized to send on this account\"}",
		"{\"errors\":[\"Author not authorized to send on this account\"]}",
		"{\"errors\":[{\"field\":\"from\",\"message\":\"author NOT authorized to send on "
		"this "
		"account.\"}]}",
		"{\"message\":\"Author not authorized to send on this account\",\"results\":1}",
		"Author not authorized to send on this account\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		for (int status = 200; status < 600; status++) {
			struct verdict_facts f = facts_of(status, bodies[i], 2);
			struct verdict v;

			verdict_decide(&f, &v);
			if (v.outcome != OUTCOME_REFUSED || v.step != STEP_SPLIT
			    || v.site != SITE_READY || v.maybe_sent
			    || strcmp(v.reason, "refused") != 0)
				fail_msg("%d %s", status, bodies[i]);
			f = facts_of(status, bodies[i], 1);
			verdict_decide(&f, &v);
			if (v.step != STEP_FAIL)
				fail_msg("%d %s, alone", status, bodies[i]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_author_who_is_not_authorized_is_refused_at_any_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
