/*
 * What came of a request, and what that means: for its events, for the site, for the batch that
 * failed before it. The policy itself is event/verdict.
 */
#include <string.h>

#include "base/clock.h"
#include "dispatch/dispatcher_private.h"
#include "event/bento/bento.h"
#include "event/bento/verdict.h"

/* A 413 never makes the limit of a body smaller than this. */
#define BYTE_LIMIT_MIN 1000
/* After each full batch that passes it grows by this part of itself. */
#define BYTE_LIMIT_GROWTH 8

/* ---- facts ---------------------------------------------------------------------------------- */

static bool
event_has_key(const struct site *s, int64_t id)
{
	struct outbox_event event;
	struct mapping_input in;
	struct err e;

	if (outbox_event_load(s->d->reader, id, &event, &e) != 1 || event.body.p == NULL)
		return false;
	in = (struct mapping_input){
		.body = event.body,
		.context = event.context,
		.browser = event.browser,
		.batch_integrations = event.integrations,
		.name = event.name,
		.email = event.email,
		.message_id = event.message_id,
		.kind = event.kind,
	};
	return mapping_has_key(&s->mapping, &in);
}

/* Only a partial answer asks for it, so the events are read once more only then. */
static bool
all_have_keys(const struct attempt *a)
{
	/* Of two equal upserts the second changes nothing. */
	bool all = a->batch.endpoint != BENTO_COMMANDS;

	if (a->batch.endpoint == BENTO_SUBSCRIBERS)
		return true;
	for (size_t i = 0; all && i < a->batch.n; i++)
		all = event_has_key(a->site, a->batch.ids[i]);
	outbox_event_done(a->site->d->reader);
	return all;
}

static void
decide(struct attempt *a, const struct transport_result *result, struct verdict_facts *ret_facts,
    struct verdict *ret_verdict)
{
	struct site *s = a->site;

	*ret_facts = (struct verdict_facts){
		.policy = &s->policy,
		.phase = result->phase,
		.http_status = result->http_status,
		.retry_after_ms = result->retry_after_ms,
		.error = result->error,
		.n_events = (unsigned)a->batch.n,
		.n_items = a->batch.n_items,
		.n_maybe_sent = a->batch.n_maybe_sent,
		.throttled = s->breaker.throttled,
		.refused = s->refused,
	};
	bento_reply_parse(buf_slice(&result->response), &ret_facts->reply);
	verdict_decide(ret_facts, ret_verdict);
	if (ret_verdict->outcome == OUTCOME_PARTIAL && all_have_keys(a)) {
		ret_facts->unique_keys = true;
		verdict_decide(ret_facts, ret_verdict);
	}
}

/* ---- the events ----------------------------------------------------------------------------- */

static enum event_status
status_after(enum verdict_step step)
{
	switch (step) {
	case STEP_DELIVERED:
		return STATUS_DELIVERED;
	case STEP_FAIL:
		return STATUS_FAILED;
	case STEP_HOLD:
		return STATUS_HELD;
	case STEP_SPLIT:
	case STEP_AGAIN:
		break;
	}
	return STATUS_PENDING;
}

/* What the audit keeps of the answer: Bento's own words, or the transport's. */
static void
keep_words(struct attempt *a, const struct verdict_facts *f, const struct verdict *v,
    struct slice response)
{
	const char *words = f->phase == PHASE_ANSWERED ? f->reply.message : f->error;

	if (v->outcome == OUTCOME_DELIVERED)
		words = "";
	bento_text_copy(a->error, sizeof(a->error), slice_from(words));
	if (a->error[0] == '\0')
		verdict_explain(f, v, a->error, sizeof(a->error));
	bento_text_copy(a->response, sizeof(a->response), response);
}

static void
write_end(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	const struct clock *clock = a->site->d->clock;
	enum event_status status = status_after(v->step);
	bool settles = status != STATUS_PENDING;
	size_t half = (a->batch.n + 1) / 2;

	a->end = (struct outbox_attempt_end){
		.msg.type = OUTBOX_ATTEMPT_END,
		.attempt_id = a->begin.attempt_id,
		.site_id = a->site->site_id,
		.finished_at = clock_wall(clock),
		.duration_ms = clock_mono(clock) - a->started_ms,
		.outcome = v->outcome,
		.http_status = f->http_status,
		.error = a->error[0] == '\0' ? SLICE_NONE : slice_from(a->error),
		.response = a->response[0] == '\0' ? SLICE_NONE : slice_from(a->response),
		.event_ids = a->batch.ids,
		.n_events = a->batch.n,
		.status = status,
		.reason = settles ? v->reason : NULL,
		.charge = settles,
		.maybe_sent = v->maybe_sent,
		.max_batch = v->step == STEP_SPLIT ? (unsigned)half : a->batch.group,
	};
}

/* ---- the site ------------------------------------------------------------------------------- */

static void
open_site(struct site *s)
{
	s->news = s->news || s->state.mode != OUTBOX_SITE_READY;
	s->state = (struct outbox_site_state){ .mode = OUTBOX_SITE_READY };
}

static void
close_site(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	struct site *s = a->site;
	const struct clock *clock = s->d->clock;
	int64_t now = clock_mono(clock);
	struct breaker_failure failure = {
		.epoch = a->epoch,
		.why = v->site,
		.wait_at_least_ms = v->wait_at_least_ms,
		.suspected = a->batch.group != 0 && v->batch_fault,
	};

	if (!breaker_failed(&s->breaker, &failure, now, &s->d->chance))
		return;
	s->state.mode = v->site == SITE_PAUSE ? OUTBOX_SITE_PAUSED : OUTBOX_SITE_BACKOFF;
	s->state.next_attempt_at = clock_wall(clock) + breaker_next(&s->breaker) - now;
	s->state.failures = s->breaker.failures;
	verdict_explain(f, v, s->state.reason, sizeof(s->state.reason));
	s->news = true;
}

/* Whether the batch that failed before was at fault, and whether this one may be. */
static void
watch_suspects(struct attempt *a, const struct verdict *v, bool was_fine)
{
	struct site *s = a->site;
	bool same = a->probe && suspects_have(&s->suspects, a->batch.ids[0]);
	bool known = false;

	if (a->batch.n == 1 && v->site == SITE_OPEN)
		suspects_stood(&s->suspects, a->batch.ids[0]);
	else if (a->batch.n == 1 && v->batch_fault)
		known = suspects_fell(&s->suspects, a->batch.ids[0]);
	if (v->site == SITE_OPEN) {
		if (a->probe && !same)
			suspects_blame(s);
		else if (a->probe)
			suspects_clear(s);
	} else if (was_fine && v->batch_fault) {
		suspects_note(s, a);
	} else if (known && !same) {
		suspects_doubt_more(&s->suspects);
	} else if (!same) {
		suspects_clear(s);
	}
}

/* How large a body may be is learnt from each 413, and tried again slowly. */
static void
learn_size(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	struct site *s = a->site;
	size_t half = a->batch.body.n / 2;

	if (v->outcome == OUTCOME_REFUSED && f->http_status == 413 && half < s->byte_limit)
		s->byte_limit = half > BYTE_LIMIT_MIN ? half : BYTE_LIMIT_MIN;
	else if (v->outcome == OUTCOME_DELIVERED && a->batch.by_bytes)
		s->byte_limit += s->byte_limit / BYTE_LIMIT_GROWTH;
	if (s->byte_limit > s->batch_bytes)
		s->byte_limit = s->batch_bytes;
}

static void
count_refusals(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	struct site *s = a->site;

	if (v->outcome == OUTCOME_DELIVERED || v->outcome == OUTCOME_PARTIAL)
		s->refused = 0;
	else if (v->outcome == OUTCOME_REFUSED && f->n_events == 1 && v->step != STEP_HOLD
		 && f->http_status != 413)
		s->refused++;
}

/* A request that we cancelled, or never sent, at the end says nothing about the site. */
static void
move_site(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	struct site *s = a->site;
	bool stale = a->epoch != s->breaker.epoch;
	bool was_fine = !breaker_probing(&s->breaker);

	if (f->phase != PHASE_ANSWERED && (s->d->stopping || a->state == ATTEMPT_BEGINNING)) {
		if (a->probe)
			breaker_lost(&s->breaker);
		return;
	}
	/* It is about settings that are to be replaced at once: no reason to pause. */
	if (s->renewal != NULL && v->site == SITE_PAUSE) {
		if (a->probe)
			breaker_lost(&s->breaker);
		return;
	}
	learn_size(a, f, v);
	count_refusals(a, f, v);
	if (v->site != SITE_OPEN)
		close_site(a, f, v);
	else if (breaker_passed(&s->breaker, a->epoch))
		open_site(s);
	if (!stale)
		watch_suspects(a, v, was_fine);
}

void
site_take_result(struct attempt *a, const struct transport_result *result)
{
	struct site *s = a->site;
	struct verdict_facts facts;
	struct verdict verdict;

	decide(a, result, &facts, &verdict);
	keep_words(a, &facts, &verdict, buf_slice(&result->response));
	write_end(a, &facts, &verdict);
	move_site(a, &facts, &verdict);
	a->lands = a->end.status == STATUS_PENDING;
	if (a->lands || verdict.site != SITE_OPEN || s->suspects.blamed)
		site_drop_next(s);
	/* What is settled holds nobody back. */
	if (!a->lands) {
		order_land(&s->order, a->batch.addresses, a->batch.ids, a->batch.n);
		site_unhold(s, a->batch.ids[0]);
	}
	a->state = ATTEMPT_DECIDED;
	a->record_ms = clock_mono(s->d->clock);
}
