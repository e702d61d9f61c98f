/*
 * event/bento/bento and verdict: the first byte chooses the status, the second the number of
 * events, both choose the policy; the rest is the body of Bento's answer. For any answer the
 * verdict is consistent, and a refused event never counts as delivered.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "event/bento/bento.h"
#include "event/bento/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict_facts f = { .phase = PHASE_ANSWERED, .retry_after_ms = -1 };
	struct verdict_policy policy = { .partial = PARTIAL_SPLIT };
	struct verdict v;
	char text[256], again[256];

	if (size < 2)
		return 0;
	f.http_status = data[0] < 128 ? 200 : data[0] * 4;
	f.n_events = 1u + data[1];
	f.n_items = f.n_events * (1u + data[0] % 2);
	f.policy = &policy;
	policy.partial = data[0] & 1 ? PARTIAL_HOLD : PARTIAL_SPLIT;
	policy.all_refused = data[1] % 3;
	f.refused = data[0] % 4;
	f.unique_keys = data[1] % 2 == 0;
	f.n_maybe_sent = data[0] % 3 == 0;
	bento_reply_parse((struct slice){ (const char *)data + 2, size - 2 }, &f.reply);
	must(f.reply.results >= -1 && f.reply.failed >= -1);
	must(
	    (f.reply.shape == BENTO_REPLY_COUNTS) == (f.reply.results >= 0 || f.reply.failed >= 0));
	must(strchr(f.reply.message, '\n') == NULL);
	/* the message is valid UTF-8, so copying changes nothing */
	bento_text_copy(again, sizeof(again), slice_from(f.reply.message));
	must(strcmp(again, f.reply.message) == 0);

	verdict_decide(&f, &v);
	if (v.outcome == OUTCOME_DELIVERED)
		must(f.http_status / 100 == 2 && f.reply.failed <= 0
		     && f.reply.shape != BENTO_REPLY_UNREADABLE
		     && (f.reply.results < 0 || f.reply.results + f.n_maybe_sent >= f.n_items));
	/* only a batch of several events is split, and every pause has advice for a person */
	must(v.step != STEP_SPLIT || f.n_events > 1);
	must(v.site != SITE_PAUSE || v.advice != NULL);
	verdict_explain(&f, &v, text, sizeof(text));
	must(strlen(text) < sizeof(text));
	return 0;
}
