/*
 * The requests of one site. Normal path of an attempt: outgoing_begin records its beginning,
 * begun() sends the request, outgoing_take_result classifies the answer, outgoing_record records
 * the end, ended() returns the events to the queue.
 *
 * The writer can fail to store the beginning (nothing was sent, the events are due again) and the
 * end (the record is sent again; meanwhile the events stay taken).
 */
#include "dispatch/outgoing/outgoing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/plural.h"
#include "dispatch/outgoing/classify.h"
#include "event/bento/bento.h"
#include "event/bento/verdict.h"
#include "outbox/lines/pack.h"
#include "tls/context.h"

static void take_owned(struct request_owner *owner, const struct transport_result *result);

/* A request is prepared at most this long before the link allows it. */
#define PREPARE_AHEAD_MS 100

/* ---- all attempts --------------------------------------------------------------------------- */

void
outgoing_init(struct outgoing *o, struct dispatch_context *ctx,
    const struct site_settings *settings, struct health *health, struct queue *queue)
{
	*o = (struct outgoing){
		.ctx = ctx,
		.settings = settings,
		.health = health,
		.queue = queue,
	};
	link_init(&o->link, &settings->options.link);
	center_init(&o->center, ctx, settings);
	charge_init(&o->charge, ctx, health, queue);
}

size_t
outgoing_attempts(const struct site_settings *settings)
{
	/* While `concurrency` requests are in flight, as many more may wait for their record. */
	return 2 * (size_t)settings->options.concurrency;
}

int
outgoing_reserve(struct outgoing *o, const struct site_settings *settings, struct err *e)
{
	size_t n = outgoing_attempts(settings);

	if (n > o->n_attempts) {
		struct attempt *grown = reallocarray(o->attempts, n, sizeof(*grown));

		if (grown == NULL)
			return err_nomem(e);
		o->attempts = grown;
		for (; o->n_attempts < n; o->n_attempts++)
			grown[o->n_attempts] =
			    (struct attempt){ .owner.take_result = take_owned, .outgoing = o };
	}
	for (size_t i = 0; i < o->n_attempts; i++)
		if (batch_reserve(&o->attempts[i].batch, settings->options.batch_events, e) != 0)
			return -1;
	return parts_reserve(&o->parts, o->ctx, n, settings->options.batch_events, e);
}

void
outgoing_free(struct outgoing *o)
{
	for (size_t i = 0; i < o->n_attempts; i++) {
		batch_free(&o->attempts[i].batch);
		free(o->attempts[i].packed);
	}
	free(o->attempts);
	parts_free(&o->parts);
}

void
outgoing_reload(struct outgoing *o)
{
	link_configure(&o->link, &o->settings->options.link);
	o->center.next_ms = INT64_MIN;
	charge_init(&o->charge, o->ctx, o->health, o->queue);
}

static size_t
count(const struct outgoing *o, enum attempt_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_attempts; i++)
		n += o->attempts[i].state == state;
	return n;
}

static size_t
count_out(const struct outgoing *o)
{
	return count(o, ATTEMPT_BEGINNING) + count(o, ATTEMPT_SENDING);
}

/* Whether the attempt's events become due again once its end is recorded. */
static bool
goes_again(const struct attempt *a)
{
	return (a->state == ATTEMPT_DECIDED || a->state == ATTEMPT_ENDING)
	       && a->end.status == STATUS_PENDING;
}

/* Events to be sent again come first: no other attempt begins until the end of theirs is
 * recorded. */
static bool
something_goes_again(const struct outgoing *o)
{
	for (size_t i = 0; i < o->n_attempts; i++)
		if (goes_again(&o->attempts[i]))
			return true;
	return o->charge.open;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
outgoing_begin_next(const struct outgoing *o, int64_t now)
{
	/* On a paced link only one attempt at a time waits for its commit: the link counts the
	 * start of the request, which is known only after the commit. */
	bool waits = link_is_paced(&o->link) && count(o, ATTEMPT_BEGINNING) > 0;
	int64_t link = now + link_wait(&o->link, now, context_wall(o->ctx, now));

	if (waits || count(o, ATTEMPT_IDLE) == 0 || something_goes_again(o)
	    || count_out(o) >= health_width(o->health))
		return CONTEXT_NEVER;
	return later(later(link, o->not_before_ms), health_next(o->health));
}

bool
outgoing_may_prepare(const struct outgoing *o, int64_t now)
{
	return count_out(o) > 0 && !health_is_careful(o->health)
	       && link_wait(&o->link, now, context_wall(o->ctx, now)) <= PREPARE_AHEAD_MS;
}

bool
outgoing_is_quiet(const struct outgoing *o)
{
	return count(o, ATTEMPT_IDLE) == o->n_attempts && !o->charge.errand.with_writer
	       && !parts_are_recording(&o->parts) && !o->center.in_flight;
}

/* ---- the beginning -------------------------------------------------------------------------- */

static void begun(void *owner);
static void take_result(struct attempt *a, const struct transport_result *result);

/* Ends the attempt, and gives its events back to the queue. */
static void
release(struct attempt *a, bool again)
{
	queue_give_back(a->outgoing->queue, &a->batch.members, again);
	batch_clear(&a->batch);
	free(a->packed);
	a->packed = NULL;
	a->state = ATTEMPT_IDLE;
}

/* Compresses what goes to a central spooler: Bento does not say that it takes gzip. */
static void
pack(struct attempt *a)
{
	struct err e;

	if (a->outgoing->settings->options.mapping.forward)
		(void)pack_gzip(payload_end(&a->batch.payload), &a->packed, &a->n_packed, &e);
}

static struct attempt *
find_idle(struct outgoing *o)
{
	struct attempt *a = o->attempts;

	while (a->state != ATTEMPT_IDLE)
		a++;
	return a;
}

void
outgoing_begin(struct outgoing *o)
{
	struct attempt *a = find_idle(o);

	queue_depart(o->queue, &a->batch);
	a->epoch = health_sent(o->health);
	a->state = ATTEMPT_BEGINNING;
	pack(a);
	a->begin = (struct outbox_attempt_begin){
		.msg.type = OUTBOX_ATTEMPT_BEGIN,
		.site_id = o->settings->options.site_id,
		.started_at = clock_wall(o->ctx->clock),
		.mapping = buf_slice(&o->settings->mapping_text),
		.endpoint = a->batch.endpoint,
		.event_ids = a->batch.members.ids,
		.n_events = a->batch.members.n,
		.n_bytes = payload_size(&a->batch.payload),
		.n_sent_bytes = a->packed == NULL ? 0 : a->n_packed,
	};
	a->errand = (struct errand){ .back = begun, .owner = a };
	if (context_send(o->ctx, &a->begin.msg, &a->errand) != 0)
		release(a, true);
}

static void
decide_locally(struct attempt *a, const char *error)
{
	struct transport_result result = { .phase = PHASE_NOT_SENT, .retry_after_ms = -1 };

	bento_text_copy(result.error, sizeof(result.error), slice_from(error));
	take_result(a, &result);
}

static void
send_request(struct attempt *a)
{
	struct dispatch_context *ctx = a->outgoing->ctx;
	const struct site_settings *settings = a->outgoing->settings;
	struct transport_request request = {
		.owner = a,
		.url = settings->urls[a->batch.endpoint],
		.user = settings->options.publishable_key,
		.password = settings->options.secret_key,
		.ca_file = settings->options.ca_file,
		.client_certificate = tls_context_client_certificate(settings->options.client_tls),
		.client_private_key = tls_context_client_key(settings->options.client_tls),
		.body = payload_end(&a->batch.payload),
		.gzip = a->packed != NULL,
		.report = center_report(&a->outgoing->center, &a->batch.members),
		.timeout_ms = settings->options.timeout_ms,
	};
	struct err e = { .code = ERR_NONE };

	if (request.gzip)
		request.body = (struct slice){ (const char *)a->packed, a->n_packed };
	center_sent(&a->outgoing->center, a->started_ms);
	link_sent(&a->outgoing->link, a->started_ms, (int64_t)request.body.n);
	a->state = ATTEMPT_SENDING;
	log_debug("site %s: attempt %lld begins: %zu event%s, %zu bytes%s", settings->options.name,
	    (long long)a->begin.attempt_id, a->batch.members.n,
	    words_plural((int64_t)a->batch.members.n), payload_size(&a->batch.payload),
	    a->batch.probe ? ", a probe" : "");
	if (ctx->transport->start(ctx->transport, &request, &e) != 0)
		decide_locally(a, e.text);
	else
		ctx->sent = true;
}

static void
begin_failed(struct attempt *a)
{
	struct outgoing *o = a->outgoing;

	/* ERR_STATE: an operator changed one of the events. The others are read again. */
	if (a->begin.msg.err.code != ERR_STATE)
		o->not_before_ms = a->errand.not_before_ms;
	if (a->batch.probe)
		health_lost_probe(o->health);
	/* The events of this attempt come before those that were prepared meanwhile. */
	queue_drop(o->queue);
	release(a, true);
}

/* The attempt's start is recorded. If the request can no longer be sent, the attempt ends as
 * not_sent. */
static void
begun(void *owner)
{
	struct attempt *a = owner;
	const struct outgoing *o = a->outgoing;

	if (a->begin.msg.rc != 0) {
		begin_failed(a);
		return;
	}
	a->started_ms = clock_mono(o->ctx->clock);
	if (o->ctx->stopping)
		decide_locally(a, "the spooler was stopped before the request went out");
	else if (o->ctx->failed)
		decide_locally(a, "the outbox failed before the request went out");
	else if (!health_is_current(o->health, a->epoch))
		decide_locally(a, "the site began to back off before the request went out");
	else
		send_request(a);
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* A request that a stop canceled, or that was never sent, says nothing about the site. */
static bool
says_nothing(const struct attempt *a, const struct transport_result *result)
{
	return result->phase != PHASE_ANSWERED
	       && (a->outgoing->ctx->stopping || a->state == ATTEMPT_BEGINNING);
}

static void
move_health(struct attempt *a, const struct transport_result *result, const struct classified *c)
{
	struct outgoing *o = a->outgoing;
	const struct health_answer answer = {
		.facts = &c->facts,
		.verdict = &c->verdict,
		.members = &a->batch.members,
		.endpoint = a->batch.endpoint,
		.epoch = a->epoch,
		.probe = a->batch.probe,
		.n_bytes = payload_size(&a->batch.payload),
		.full_bytes = a->batch.by_bytes,
	};

	if (!says_nothing(a, result)) {
		if (health_take_answer(o->health, &answer))
			charge_suspects(&o->charge, clock_mono(o->ctx->clock));
	} else if (a->batch.probe) {
		health_lost_probe(o->health);
	}
}

static void
fill_in_end(struct attempt *a, const struct transport_result *result, const struct classified *c)
{
	const struct dispatch_context *ctx = a->outgoing->ctx;

	classify_explain(c, a->error, sizeof(a->error));
	bento_text_copy(a->response, sizeof(a->response), buf_slice(&result->response));
	a->end = (struct outbox_attempt_end){
		.attempt_id = a->begin.attempt_id,
		.site_id = a->begin.site_id,
		.endpoint = a->begin.endpoint,
		.finished_at = clock_wall(ctx->clock),
		.duration_ms = clock_mono(ctx->clock) - a->started_ms,
		.error = a->error[0] == '\0' ? SLICE_NONE : slice_from(a->error),
		.response = a->response[0] == '\0' ? SLICE_NONE : slice_from(a->response),
	};
	classify_apply(c, &a->batch.members, &a->end);
	log_debug("site %s: attempt %lld ends: %s, HTTP %d, %lld ms",
	    a->outgoing->settings->options.name, (long long)a->end.attempt_id,
	    outcome_name(a->end.outcome), a->end.http_status, (long long)a->end.duration_ms);
}

static void
take_result(struct attempt *a, const struct transport_result *result)
{
	struct outgoing *o = a->outgoing;
	struct classified c;

	classify(&a->batch, result, o->health, &c);
	fill_in_end(a, result, &c);
	context_compare_clocks(o->ctx, result->date, a->end.duration_ms);
	a->shown = classify_shown(&c);
	move_health(a, result, &c);
	a->state = ATTEMPT_DECIDED;
	/* Events to be sent again come before the prepared ones. */
	if (goes_again(a) || c.verdict.site != SITE_READY || o->charge.open)
		queue_drop(o->queue);
	if (!goes_again(a))
		queue_land(o->queue, &a->batch.members);
}

static void
take_owned(struct request_owner *owner, const struct transport_result *result)
{
	take_result((struct attempt *)(void *)owner, result);
}

void
outgoing_take_result(const struct transport_result *result)
{
	struct request_owner *owner = result->owner;

	owner->take_result(owner, result);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void
ended(void *owner)
{
	struct attempt *a = owner;
	const struct outbox_msg *msg = &a->end.msg;

	if (msg->rc == 0)
		parts_note(&a->outgoing->parts, &a->batch.members, &a->shown);
	/* ERR_STATE: the attempt already has an end, so nothing is left to do. */
	if (msg->rc == 0 || msg->err.code == ERR_STATE || msg->err.code == ERR_IO)
		release(a, msg->rc != 0 || a->end.status == STATUS_PENDING);
	else
		/* The events stay taken until the end is stored: otherwise they would be sent
		 * again. */
		a->state = ATTEMPT_DECIDED;
}

static void
record_end(struct attempt *a)
{
	struct outgoing *o = a->outgoing;

	/* The present state, not that of the verdict: a delayed record must not bring back an old
	 * state of the site. */
	a->end.site = health_record(o->health);
	a->end.msg = (struct outbox_msg){ .type = OUTBOX_ATTEMPT_END };
	a->state = ATTEMPT_ENDING;
	a->errand.back = ended;
	if (context_send(o->ctx, &a->end.msg, &a->errand) != 0)
		release(a, true);
}

void
outgoing_record(struct outgoing *o, int64_t now)
{
	charge_record(&o->charge, now);
	for (size_t i = 0; i < o->n_attempts; i++) {
		struct attempt *a = &o->attempts[i];

		if (a->state == ATTEMPT_DECIDED && errand_is_due(&a->errand, now))
			record_end(a);
	}
	parts_record(&o->parts, now);
}

int64_t
outgoing_record_next(const struct outgoing *o)
{
	int64_t charge = charge_next(&o->charge), parts = parts_next(&o->parts);
	int64_t at = charge < parts ? charge : parts;

	for (size_t i = 0; i < o->n_attempts; i++) {
		const struct attempt *a = &o->attempts[i];

		if (a->state == ATTEMPT_DECIDED && a->errand.not_before_ms < at)
			at = a->errand.not_before_ms;
	}
	return at;
}

/* ---- the heartbeat -------------------------------------------------------------------------- */

void
outgoing_beat(struct outgoing *o, int64_t now)
{
	if (outgoing_beat_next(o, now) <= now && center_beat(&o->center, now))
		link_heartbeat_sent(&o->link, now);
}

int64_t
outgoing_beat_next(const struct outgoing *o, int64_t now)
{
	int64_t link = now + link_heartbeat_wait(&o->link, now, context_wall(o->ctx, now));

	return later(center_next(&o->center), link);
}

/* ---- giving up ------------------------------------------------------------------------------ */

void
outgoing_abandon(struct outgoing *o)
{
	for (size_t i = 0; i < o->n_attempts; i++)
		if (o->attempts[i].state == ATTEMPT_DECIDED)
			release(&o->attempts[i], true);
}
