/*
 * The policy for Bento's answers. Tables map statuses and transport phases to an outcome, a step
 * for the events and an effect on the site; functions decide the cases that depend on counts and on
 * single events. Every answer gets a verdict, and an unknown status counts as doubt. Cannot fail.
 */
#include "event/bento/verdict.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MIN_MS INT64_C(1000)
#define WAIT_MAX_MS INT64_C(3600000)
/* The first wait after a 429 without Retry-After; each further one doubles it. */
#define THROTTLE_FIRST_MS INT64_C(60000)

static const char *const outcome_names[] = {
	[OUTCOME_NONE] = "",
	[OUTCOME_DELIVERED] = "delivered",
	[OUTCOME_PARTIAL] = "partial",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_RETRY] = "retry",
	[OUTCOME_NOT_SENT] = "not_sent",
	[OUTCOME_UNKNOWN] = "unknown",
};

const char *
outcome_name(enum attempt_outcome outcome)
{
	return outcome_names[outcome];
}

int
outcome_parse(struct slice name, enum attempt_outcome *ret_outcome)
{
	for (int i = OUTCOME_DELIVERED; i <= OUTCOME_UNKNOWN; i++) {
		if (slice_equals(name, slice_from(outcome_names[i]))) {
			*ret_outcome = (enum attempt_outcome)i;
			return 0;
		}
	}
	return -1;
}

/* ---- the policy ----------------------------------------------------------------------------- */

#define TO_KEYS "check publishable_key, secret_key and site_uuid"
#define TO_URL "check api_url"
#define TO_ACCOUNT "check the Bento account, and whether a firewall or proxy answers in its place"
#define TO_PROXY "check the credentials in the proxy variables"
#define TO_PORTAL "check api_url, and whether a firewall, proxy or captive portal answers"
#define TO_SIZE "lower batch_events or batch_bytes"
#define TO_PACE "lower requests_per_minute"
#define TO_WAIT "the server fails; the spooler tries again"
#define TO_ALL                                                                                     \
	"one event after another is refused: look at the responses, then at unique_key, "          \
	"send_date and what the application sends"
#define TO_LOOK "look at the attempt's response"

/* What to check instead where a central spooler answers. */
static const struct {
	const char *bento;
	const char *center;
} advices[] = {
	{ TO_KEYS, "check upstream_key, and whether the central spooler still lists this box" },
	{ TO_URL, "check upstream" },
	{ TO_ACCOUNT, "check whether a firewall or proxy answers in place of the central spooler" },
	{ TO_PORTAL, "check upstream, and whether a firewall, proxy or captive portal answers" },
};

struct rule {
	int first; /* statuses, both included */
	int last;
	struct verdict verdict;
};

/* The columns of a row that follow the statuses. */
#define RULE(outcome_, step_, site_, maybe_, fault_, reason_, advice_)                             \
	{                                                                                          \
		.outcome = OUTCOME_##outcome_, .step = STEP_##step_, .site = SITE_##site_,         \
		.maybe_sent = (maybe_), .batch_fault = (fault_), .reason = (reason_),              \
		.advice = (advice_)                                                                \
	}

/*
 * The verdicts for complete answers that are not 2xx: the first row whose range has the status
 * applies. A 502 or 504 from a gateway, or a 52x from Cloudflare, leaves open whether Bento
 * received the request, so the outcome is unknown. SPLIT is for batches; decide_single handles
 * single events. The fourth column is maybe_sent, the fifth batch_fault, which is false for rate
 * limits, our keys and our proxy: these have nothing to do with the batch.
 */
/* clang-format off */
static const struct rule answers[] = {
	{ 300, 399, RULE(RETRY,   AGAIN, PAUSE,    false, true,  "redirected",        TO_URL) },
	{ 400, 400, RULE(REFUSED, SPLIT, READY,    false, false, "refused",           TO_LOOK) },
	{ 401, 401, RULE(RETRY,   AGAIN, PAUSE,    false, false, "unauthorized",      TO_KEYS) },
	{ 402, 402, RULE(RETRY,   AGAIN, PAUSE,    false, false, "payment_required",  TO_ACCOUNT) },
	{ 403, 403, RULE(RETRY,   AGAIN, PAUSE,    false, true,  "forbidden",         TO_ACCOUNT) },
	{ 404, 404, RULE(RETRY,   AGAIN, PAUSE,    false, true,  "not_found",         TO_URL) },
	{ 407, 407, RULE(RETRY,   AGAIN, PAUSE,    false, false, "proxy_refused",     TO_PROXY) },
	{ 408, 408, RULE(RETRY,   AGAIN, BACKOFF,  false, true,  "request_timeout",   TO_WAIT) },
	{ 410, 410, RULE(RETRY,   AGAIN, PAUSE,    false, true,  "gone",              TO_URL) },
	{ 413, 413, RULE(REFUSED, SPLIT, READY,    false, false, "too_large",         TO_SIZE) },
	{ 422, 422, RULE(REFUSED, SPLIT, READY,    false, false, "refused",           TO_LOOK) },
	{ 425, 425, RULE(RETRY,   AGAIN, BACKOFF,  false, false, "too_early",         TO_WAIT) },
	{ 429, 429, RULE(RETRY,   AGAIN, THROTTLE, false, false, "rate_limited",      TO_PACE) },
	{ 400, 499, RULE(RETRY,   AGAIN, PAUSE,    false, true,  "unexpected_status", TO_PORTAL) },
	{ 502, 502, RULE(UNKNOWN, AGAIN, BACKOFF,  true,  true,  "gateway_error",     TO_WAIT) },
	{ 504, 504, RULE(UNKNOWN, AGAIN, BACKOFF,  true,  true,  "gateway_error",     TO_WAIT) },
	{ 520, 527, RULE(UNKNOWN, AGAIN, BACKOFF,  true,  true,  "gateway_error",     TO_WAIT) },
	{ 500, 599, RULE(RETRY,   AGAIN, BACKOFF,  false, true,  "server_error",      TO_WAIT) },
};

static const struct verdict
	not_sent    = RULE(NOT_SENT,  AGAIN,     BACKOFF, false, false, "no_connection",     NULL),
	cut_off     = RULE(UNKNOWN,   AGAIN,     BACKOFF, true,  true,  "cut_off",           NULL),
	strange     = RULE(UNKNOWN,   AGAIN,     BACKOFF, true,  true,  "unexpected_status", TO_PORTAL),
	/* for 2xx answers */
	delivered   = RULE(DELIVERED, DELIVERED, READY,   false, false, NULL,                NULL),
	unreadable  = RULE(UNKNOWN,   AGAIN,     BACKOFF, true,  true,  "unreadable_reply",  TO_PORTAL),
	unread_held = RULE(UNKNOWN,   HOLD,      READY,   true,  false, "unreadable_reply",  TO_PORTAL),
	refused_all = RULE(REFUSED,   SPLIT,     READY,   false, false, "refused",           TO_LOOK),
	partial     = RULE(PARTIAL,   SPLIT,     READY,   true,  false, "partial",           TO_LOOK),
	part_held   = RULE(PARTIAL,   HOLD,      READY,   true,  false, "partially_delivered", TO_LOOK);

static const struct verdict_policy default_policy;
/* clang-format on */

static const struct verdict_policy *
policy_of(const struct verdict_facts *f)
{
	return f->policy == NULL ? &default_policy : f->policy;
}

static const struct verdict *
decide_partial(const struct verdict_facts *f)
{
	/* Without unique keys, sending again would duplicate the events that Bento accepted. */
	if (policy_of(f)->partial == PARTIAL_HOLD || !f->unique_keys || f->n_events < 2)
		return &part_held;
	return &partial;
}

/*
 * Interprets the counts of a 2xx answer. Bento does not document whether it counts a suppressed
 * duplicate, or how. When an earlier attempt may have delivered an event, its absence from the
 * counts therefore does not mean that Bento refused it.
 */
static const struct verdict *
decide_counts(const struct verdict_facts *f)
{
	const struct bento_reply *r = &f->reply;
	bool none_accepted = r->results == 0 || (r->results < 0 && r->failed >= f->n_items);

	if (r->failed <= 0 && (r->results < 0 || r->results >= f->n_items))
		return &delivered;
	if (r->failed == 0 && f->n_items - r->results <= f->n_maybe_sent)
		return &delivered;
	if (!none_accepted)
		return decide_partial(f);
	return &refused_all;
}

static const struct verdict *
decide_unreadable(const struct verdict_facts *f)
{
	if (policy_of(f)->center)
		return &unreadable;
	switch (policy_of(f)->ambiguous) {
	case AMBIGUOUS_RETRY:
		break;
	case AMBIGUOUS_DELIVERED:
		/* An error text is clear enough: the policy for ambiguous answers does not
		 * apply. */
		return f->reply.says_error ? &unreadable : &delivered;
	case AMBIGUOUS_HOLD:
		return &unread_held;
	}
	return &unreadable;
}

/* A central spooler counts each call of a request once, duplicates too. Other counts are not its
 * answer to this request, whoever sent them. */
static bool
counts_each(const struct verdict_facts *f)
{
	const struct bento_reply *r = &f->reply;

	return r->results >= 0 && r->failed >= 0 && r->failed <= f->n_items
	       && r->results == f->n_items - r->failed;
}

static const struct verdict *
decide_success(const struct verdict_facts *f)
{
	switch (f->reply.shape) {
	case BENTO_REPLY_COUNTS:
		if (policy_of(f)->center && !counts_each(f))
			return decide_unreadable(f);
		return decide_counts(f);
	case BENTO_REPLY_JSON:
		return f->reply.says_error || policy_of(f)->center ? decide_unreadable(f)
								   : &delivered;
	case BENTO_REPLY_UNREADABLE:
		break;
	}
	return decide_unreadable(f);
}

/*
 * Whether the answer has the words with which Bento refuses an event, at any status (doc/bento.md).
 */
static bool
says_not_authorized(const struct verdict_facts *f)
{
	return strcasestr(f->reply.message, "author not authorized to send on this account")
	       != NULL;
}

static bool
is_success(const struct verdict_facts *f)
{
	return f->http_status >= 200 && f->http_status <= 299;
}

static const struct verdict *
decide_answer(const struct verdict_facts *f)
{
	if (is_success(f))
		return decide_success(f);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (f->http_status >= answers[i].first && f->http_status <= answers[i].last)
			return &answers[i].verdict;
	return &strange;
}

static const struct verdict *
decide(const struct verdict_facts *f)
{
	switch (f->phase) {
	case PHASE_NOT_SENT:
		return &not_sent;
	case PHASE_SENDING:
		return &cut_off;
	case PHASE_ANSWERED:
		break;
	}
	return says_not_authorized(f) ? &refused_all : decide_answer(f);
}

static int64_t
throttle_wait(unsigned throttled)
{
	int64_t wait = THROTTLE_FIRST_MS;

	while (throttled-- > 0 && wait < WAIT_MAX_MS)
		wait *= 2;
	return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static int64_t
wait_at_least(const struct verdict_facts *f, enum verdict_site site)
{
	if (site == SITE_READY || f->phase != PHASE_ANSWERED)
		return 0;
	if (f->retry_after_ms < 0)
		return site == SITE_THROTTLE ? throttle_wait(f->throttled) : 0;
	if (f->retry_after_ms < WAIT_MIN_MS)
		return WAIT_MIN_MS;
	return f->retry_after_ms < WAIT_MAX_MS ? f->retry_after_ms : WAIT_MAX_MS;
}

/*
 * Decides on an event that Bento refused when it was the only one in its request. After several
 * such refusals in a row all events are probably wrong for the same reason: the site pauses, and
 * the following events wait.
 */
static void
decide_single(const struct verdict_facts *f, struct verdict *v)
{
	const struct verdict_policy *policy = policy_of(f);
	unsigned limit = f->http_status == 413 ? 0 : policy->all_refused;

	if (is_success(f) && f->n_maybe_sent > 0 && policy->maybe_delivered == MAYBE_HOLD) {
		v->step = STEP_HOLD;
		v->reason = "maybe_delivered";
		return;
	}
	v->step = limit > 0 && f->refused >= limit ? STEP_AGAIN : STEP_FAIL;
	if (limit > 0 && f->refused + 1 >= limit) {
		v->site = SITE_PAUSE;
		v->advice = TO_ALL;
	}
}

/* The texts of both tables are literals of this file, but the compiler need not join equal ones. */
static const char *
advice_for_center(const char *advice)
{
	for (size_t i = 0; advice != NULL && i < sizeof(advices) / sizeof(*advices); i++)
		if (strcmp(advice, advices[i].bento) == 0)
			return advices[i].center;
	return advice;
}

static const char *
peer_of(const struct verdict_facts *f)
{
	return policy_of(f)->center ? "the central spooler" : "Bento";
}

void
verdict_decide(const struct verdict_facts *f, struct verdict *ret_v)
{
	*ret_v = *decide(f);
	if (ret_v->outcome == OUTCOME_REFUSED && f->n_events == 1)
		decide_single(f, ret_v);
	ret_v->wait_at_least_ms = wait_at_least(f, ret_v->site);
	if (policy_of(f)->center)
		ret_v->advice = advice_for_center(ret_v->advice);
}

/* ---- in words ------------------------------------------------------------------------------- */

static void
explain_answer(
    const struct verdict_facts *f, const struct verdict *v, const char *words, struct buf *to)
{
	bool counted = f->reply.shape == BENTO_REPLY_COUNTS && f->http_status <= 299;

	if (v->outcome == OUTCOME_REFUSED && v->site == SITE_PAUSE)
		buf_append_literal(to, "all_refused: ");
	buf_printf(to, "HTTP %d from %s", f->http_status, peer_of(f));
	if (counted && f->reply.results >= 0)
		buf_printf(to, ", %lld of %u accepted", (long long)f->reply.results, f->n_items);
	if (counted && f->reply.failed >= 0)
		buf_printf(to, ", %lld failed", (long long)f->reply.failed);
	if (v->advice != NULL)
		buf_printf(to, ": %s", v->advice);
	if (words[0] != '\0')
		buf_printf(to, " (%s)", words);
}

void
verdict_explain(const struct verdict_facts *f, const struct verdict *v, char *ret_text, size_t size)
{
	const char *error = f->error == NULL || f->error[0] == '\0' ? "no reason known" : f->error;
	struct buf text;

	buf_init(&text, 2048);
	switch (f->phase) {
	case PHASE_NOT_SENT:
		buf_printf(&text, "cannot reach %s: %s", peer_of(f), error);
		break;
	case PHASE_SENDING:
		buf_printf(&text, "cut off before %s's answer was complete: %s", peer_of(f), error);
		break;
	case PHASE_ANSWERED:
		if (v->outcome != OUTCOME_DELIVERED)
			explain_answer(f, v, f->reply.message, &text);
		break;
	}
	bento_text_copy(ret_text, size, buf_slice(&text));
	buf_free(&text);
}
