/*
 * An attempt's way: recorded, sent, judged, recorded again. The states are in dispatch/site.h.
 */
#include "dispatch/site.h"

#include <string.h>

#include "base/clock.h"
#include "dispatch/backoff.h"
#include "dispatch/internal.h"
#include "event/bento.h"
#include "event/verdict.h"

/* A throttled site waits up to a tenth longer, so that not all come back at the same moment. */
#define THROTTLE_JITTER 10

void
attempt_release(struct attempt *a)
{
	inflight_remove(&a->site->inflight, a->batch.ids, a->batch.n);
	batch_clear(&a->batch);
	a->state = ATTEMPT_IDLE;
	a->site->look = true;
}

/* ---- the beginning -------------------------------------------------------------------------- */

int
attempt_begin(struct attempt *a)
{
	struct site *s = a->site;

	batch_close(&a->batch);
	a->begin = (struct outbox_attempt_begin){
		.msg.type = OUTBOX_ATTEMPT_BEGIN,
		.site_id = s->site_id,
		.started_at = clock_wall(s->d->clock),
		.mapping = buf_slice(&s->mapping_text),
		.event_ids = a->batch.ids,
		.n_events = a->batch.n,
		.n_bytes = a->batch.body.n,
	};
	a->epoch = s->epoch;
	a->state = ATTEMPT_BEGINNING;
	return dispatcher_send(s->d, &a->begin.msg);
}

static void
decide_locally(struct attempt *a, const char *error)
{
	struct transport_result result = { .phase = PHASE_NOT_SENT, .retry_after_ms = -1 };

	bento_text_copy(result.error, sizeof(result.error), slice_from(error));
	site_take_result(a, &result);
}

static void
send_request(struct attempt *a, int64_t now)
{
	struct site *s = a->site;
	struct transport_request request = {
		.owner = a,
		.url = s->url,
		.user = s->user,
		.password = s->password,
		.ca_file = s->ca_file,
		.body = buf_slice(&a->batch.body),
		.timeout_ms = s->timeout_ms,
	};
	struct err e = { .code = ERR_NONE };

	a->started_ms = now;
	a->state = ATTEMPT_SENDING;
	pace_started(&s->pace, now);
	if (s->d->transport->start(s->d->transport, &request, &e) != 0)
		decide_locally(a, e.text);
	else
		s->d->sent = true;
}

static void
begin_failed(struct attempt *a, int64_t now)
{
	struct dispatcher *d = a->site->d;
	const struct err *e = &a->begin.msg.err;

	if (e->code == ERR_IO)
		dispatcher_fail(d, e);
	else
		dispatcher_tell(d, &d->record_limit, e);
	a->site->begin_ms = now + DISPATCH_RECORD_AGAIN_MS;
	attempt_release(a);
}

/* The row is there. What became impossible meanwhile ends as not sent: that is what happened. */
void
attempt_begun(struct attempt *a)
{
	struct dispatcher *d = a->site->d;
	int64_t now = clock_mono(d->clock);

	if (a->begin.msg.rc != 0) {
		begin_failed(a, now);
		return;
	}
	a->started_ms = now;
	if (d->stopping)
		decide_locally(a, "the spooler was stopped before the request went out");
	else if (d->failed)
		decide_locally(a, "the outbox failed before the request went out");
	else if (!site_is_open(a->site, now))
		decide_locally(a, "the site was closed before the request went out");
	else
		send_request(a, now);
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static int64_t
longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
closing_wait(struct site *s, const struct verdict *v)
{
	int64_t least = v->wait_at_least_ms;
	uint64_t jitter = (uint64_t)(least / THROTTLE_JITTER);

	switch (v->site) {
	case SITE_OPEN:
		break;
	case SITE_BACKOFF:
		return longer(least, backoff_wait(s->state.failures, s->retry_first_ms,
					 s->retry_max_ms, &s->d->chance));
	case SITE_THROTTLE:
		return least + (int64_t)rand_below(&s->d->chance, jitter + 1);
	case SITE_PAUSE:
		return longer(least, s->retry_max_ms);
	}
	return 0;
}

static void
open_site(struct site *s)
{
	s->news = s->state.mode != OUTBOX_SITE_READY;
	s->state = (struct outbox_site_state){ .mode = OUTBOX_SITE_READY };
	s->throttled = 0;
}

/*
 * Answers to requests that went out before the site was closed neither open it nor count as one
 * more failure: with several in flight one outage would otherwise look like many.
 */
static void
close_site(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	struct site *s = a->site;
	bool stale = a->epoch != s->epoch;
	int64_t until;

	if (!stale) {
		s->epoch++;
		s->state.failures++;
		s->throttled += v->site == SITE_THROTTLE;
	}
	until = clock_mono(s->d->clock) + closing_wait(s, v);
	if (stale && until <= s->open_ms)
		return;
	s->open_ms = until;
	s->state.mode = v->site == SITE_PAUSE ? OUTBOX_SITE_PAUSED : OUTBOX_SITE_BACKOFF;
	s->state.next_attempt_at = clock_wall(s->d->clock) + s->open_ms - clock_mono(s->d->clock);
	verdict_explain(f, v, s->state.reason, sizeof(s->state.reason));
	s->news = true;
}

/* A request that we cancelled, or never sent, at the end says nothing about the site. */
static void
move_site(struct attempt *a, const struct verdict_facts *f, const struct verdict *v)
{
	bool ours =
	    f->phase != PHASE_ANSWERED && (a->site->d->stopping || a->state == ATTEMPT_BEGINNING);

	if (ours)
		return;
	if (v->site != SITE_OPEN)
		close_site(a, f, v);
	else if (a->epoch == a->site->epoch)
		open_site(a->site);
}

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
		.status = status_after(v->step),
		.reason = v->step == STEP_AGAIN ? NULL : v->reason,
		.charge = v->step != STEP_AGAIN,
		.maybe_sent = v->maybe_sent,
	};
}

void
site_take_result(struct attempt *a, const struct transport_result *result)
{
	struct verdict_facts facts = {
		.phase = result->phase,
		.http_status = result->http_status,
		.retry_after_ms = result->retry_after_ms,
		.error = result->error,
		.n_events = (unsigned)a->batch.n,
		.n_maybe_sent = a->batch.n_maybe_sent,
		.throttled = a->site->throttled,
	};
	struct verdict verdict;

	bento_reply_parse(buf_slice(&result->response), &facts.reply);
	verdict_decide(&facts, &verdict);
	keep_words(a, &facts, &verdict, buf_slice(&result->response));
	write_end(a, &facts, &verdict);
	move_site(a, &facts, &verdict);
	a->state = ATTEMPT_DECIDED;
	a->record_ms = clock_mono(a->site->d->clock);
}

/* ---- the end -------------------------------------------------------------------------------- */

void
attempt_end(struct attempt *a)
{
	/* The site's state as it is now: a record that had to wait must not bring back an old one.
	 */
	a->end.site = a->site->state;
	a->end.msg = (struct outbox_msg){ .type = OUTBOX_ATTEMPT_END };
	a->state = ATTEMPT_ENDING;
	if (dispatcher_send(a->site->d, &a->end.msg) != 0)
		attempt_release(a);
}

void
attempt_ended(struct attempt *a)
{
	struct dispatcher *d = a->site->d;
	const struct err *e = &a->end.msg.err;

	/* ERR_STATE: it has an end already, so the events are where they belong. */
	if (a->end.msg.rc == 0 || e->code == ERR_STATE) {
		attempt_release(a);
		return;
	}
	if (e->code == ERR_IO) {
		dispatcher_fail(d, e);
		attempt_release(a);
		return;
	}
	/* The events stay in flight until it is kept: otherwise they would be sent again. */
	dispatcher_tell(d, &d->record_limit, e);
	a->state = ATTEMPT_DECIDED;
	a->record_ms = clock_mono(d->clock) + DISPATCH_RECORD_AGAIN_MS;
}
