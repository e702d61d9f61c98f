/*
 * An attempt's way: recorded, sent, judged (judge.c), recorded again. The states are in
 * dispatch/site.h.
 */
#include "dispatch/site.h"

#include <string.h>

#include "base/clock.h"
#include "dispatch/dispatcher_private.h"
#include "event/bento/bento.h"
#include "event/bento/verdict.h"

void
attempt_release(struct attempt *a)
{
	struct site *s = a->site;
	struct batch *b = &a->batch;

	/* Another attempt may fly with these addresses by now, but never with these events. */
	if (a->state != ATTEMPT_FILLED)
		order_land(&s->order, b->addresses, b->ids, b->n);
	inflight_remove(&s->inflight, b->ids, b->n);
	if (b->n > 0)
		site_unhold(s, b->ids[0]);
	batch_clear(b);
	a->state = ATTEMPT_IDLE;
	a->lands = false;
	s->look = true;
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
		.endpoint = a->batch.endpoint,
		.event_ids = a->batch.ids,
		.n_events = a->batch.n,
		.n_bytes = a->batch.body.n,
	};
	a->epoch = breaker_sent(&s->breaker);
	a->state = ATTEMPT_BEGINNING;
	if (a->probe)
		s->probe_after = a->batch.ids[0];
	order_take_off(&s->order, a->batch.addresses, a->batch.ids, a->batch.n);
	/* With one request at a time those behind it may be prepared. */
	site_unhold(s, a->batch.ids[0]);
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
		.url = s->urls[a->batch.endpoint],
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

	/* ERR_STATE: an operator took one of them away meanwhile. The others are read anew. */
	if (e->code == ERR_IO)
		dispatcher_fail(d, e);
	else if (e->code != ERR_STATE)
		dispatcher_tell(d, &d->record_limit, e);
	if (e->code != ERR_STATE)
		a->site->begin_ms = now + DISPATCH_RECORD_AGAIN_MS;
	if (a->probe)
		breaker_lost(&a->site->breaker);
	/* What was prepared meanwhile comes after these. */
	site_drop_next(a->site);
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
	else if (a->epoch != a->site->breaker.epoch)
		decide_locally(a, "the site was closed before the request went out");
	else
		send_request(a, now);
}

/* ---- the end -------------------------------------------------------------------------------- */

void
attempt_end(struct attempt *a)
{
	/* The site's state as it is now: a record that had to wait must not bring back an old one.
	 */
	a->end.site = site_record(a->site);
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
