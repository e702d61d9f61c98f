/*
 * How Bento treats one site. Normal path: health_sent before a request, health_take_answer after
 * it, which moves the breaker, learns the size limit of a body, counts refusals and watches the
 * suspects. Cannot fail, except health_reserve.
 */
#include "dispatch/health/health.h"

/* A 413 never makes the limit of a body smaller than this. */
#define BYTE_LIMIT_MIN 1000
/* The limit grows by an eighth after each full batch that passes. */
#define BYTE_LIMIT_GROWTH 8

void
health_init(struct health *h, struct dispatch_context *ctx, const struct site_settings *settings)
{
	const struct dispatch_site_options *o = &settings->options;
	bool learnt = o->byte_limit > 0 && o->byte_limit < o->batch_bytes;

	*h = (struct health){
		.ctx = ctx,
		.settings = settings,
		.byte_limit = learnt ? o->byte_limit : o->batch_bytes,
		.refused = o->refused,
	};
	breaker_init(&h->breaker, o->retry_first_ms, o->retry_max_ms, o->batch_events);
}

int
health_reserve(struct health *h, const struct site_settings *settings, struct err *e)
{
	return suspects_reserve(&h->suspects, settings->options.batch_events, e);
}

void
health_free(struct health *h)
{
	suspects_free(&h->suspects);
}

/* ---- the breaker ---------------------------------------------------------------------------- */

static void
log_breaker(const struct health *h, enum breaker_mode before)
{
	if (h->breaker.mode != before)
		log_debug("site %s: breaker %s, was %s", h->settings->options.name,
		    breaker_mode_name(h->breaker.mode), breaker_mode_name(before));
}

int64_t
health_next(const struct health *h)
{
	return breaker_next(&h->breaker);
}

bool
health_is_careful(const struct health *h)
{
	return breaker_is_careful(&h->breaker);
}

bool
health_is_probing(const struct health *h)
{
	return breaker_is_probing(&h->breaker);
}

size_t
health_width(const struct health *h)
{
	return health_is_careful(h) ? 1 : h->settings->options.concurrency;
}

uint64_t
health_sent(struct health *h)
{
	enum breaker_mode before = h->breaker.mode;
	uint64_t epoch = breaker_sent(&h->breaker);

	log_breaker(h, before);
	return epoch;
}

bool
health_is_current(const struct health *h, uint64_t epoch)
{
	return epoch == h->breaker.epoch;
}

void
health_lost_probe(struct health *h)
{
	enum breaker_mode before = h->breaker.mode;

	breaker_lost(&h->breaker);
	log_breaker(h, before);
}

void
health_retry(struct health *h, int64_t now)
{
	breaker_retry(&h->breaker, now);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Each 413 lowers the size limit of a body; full batches that pass raise it again slowly. */
static void
learn_size(struct health *h, const struct health_answer *a)
{
	size_t half = a->n_bytes / 2, most = h->settings->options.batch_bytes;
	enum attempt_outcome outcome = a->verdict->outcome;

	if (outcome == OUTCOME_REFUSED && a->facts->http_status == 413 && half < h->byte_limit)
		h->byte_limit = half > BYTE_LIMIT_MIN ? half : BYTE_LIMIT_MIN;
	else if (outcome == OUTCOME_DELIVERED && a->full_bytes)
		h->byte_limit += h->byte_limit / BYTE_LIMIT_GROWTH;
	if (h->byte_limit > most)
		h->byte_limit = most;
}

static void
count_refusals(struct health *h, const struct health_answer *a)
{
	const struct verdict *v = a->verdict;

	if (v->outcome == OUTCOME_DELIVERED || v->outcome == OUTCOME_PARTIAL)
		h->refused = 0;
	else if (v->outcome == OUTCOME_REFUSED && a->members->n == 1 && v->step != STEP_HOLD
		 && a->facts->http_status != 413)
		h->refused++;
}

static void
note_success(struct health *h, uint64_t epoch)
{
	if (!breaker_passed(&h->breaker, epoch))
		return;
	h->changed = h->changed || h->state.mode != OUTBOX_SITE_READY;
	h->state = (struct outbox_site_state){ .mode = OUTBOX_SITE_READY };
}

/* Returns how many events a request may carry once a probe has passed; 0: the failure is the
 * site's as far as is known. Half as many as failed: so batches come to a size of which half
 * pass, which needs the fewest requests. An event that failed alone says nothing about the size. */
static unsigned
resume_with(const struct health *h, const struct health_answer *a)
{
	const struct members *m = a->members;
	/* There was no better event for the probe, so another one at once would teach nothing. */
	bool poor = a->probe && (m->charged > 0 || suspects_doubt(&h->suspects, m->ids[0]));

	if (h->excuses == 0 || !a->verdict->batch_fault || poor)
		return 0;
	return m->n == 1 ? h->breaker.ramp : (a->facts->n_items + 1) / 2;
}

static void
note_failure(struct health *h, const struct health_answer *a)
{
	const struct verdict *v = a->verdict;
	const struct clock *clock = h->ctx->clock;
	int64_t now = clock_mono(clock);
	struct breaker_failure failure = {
		.epoch = a->epoch,
		.why = v->site,
		.wait_at_least_ms = v->wait_at_least_ms,
		.suspected = a->members->group != 0 && v->batch_fault,
		.resume = resume_with(h, a),
	};
	bool at_once = breaker_probes_at_once(&h->breaker, &failure);

	if (!breaker_failed(&h->breaker, &failure, now, &h->ctx->chance) || at_once)
		return;
	h->excuses = 0;
	h->state.mode = v->site == SITE_PAUSE ? OUTBOX_SITE_PAUSED : OUTBOX_SITE_BACKOFF;
	h->state.next_attempt_at = clock_wall(clock) + breaker_next(&h->breaker) - now;
	h->state.failures = h->breaker.failures;
	verdict_explain(a->facts, v, h->state.reason, sizeof(h->state.reason));
	h->changed = true;
}

/* Returns whether the batch that failed before was at fault. Notes this batch if it may be at
 * fault. */
static bool
watch_suspects(struct health *h, const struct health_answer *a, bool was_ready)
{
	struct suspects *u = &h->suspects;
	const struct verdict *v = a->verdict;
	int64_t first = a->members->ids[0];
	bool alone = a->members->n == 1, passed = v->site == SITE_READY, known = false;
	bool same = a->probe && suspects_have(u, first);

	/* An event that failed alone and passes now was not at fault. */
	if (alone && passed)
		h->excuses = suspects_stood(u, first) ? 0 : h->excuses;
	else if (alone && v->batch_fault)
		known = suspects_fell(u, first);
	if (passed) {
		if (a->probe && !same)
			return suspects_blame(u);
		if (a->probe)
			suspects_clear(u);
	} else if (was_ready && v->batch_fault) {
		suspects_note(u, a->members, a->endpoint);
	} else if (known && !same) {
		suspects_doubt_more(u);
	} else if (!same) {
		suspects_clear(u);
	}
	return false;
}

/* The suspects are to blame, because a probe passed at this endpoint. */
static void
excuse_next(struct health *h, enum bento_endpoint passed_at)
{
	if (h->suspects.endpoint == passed_at)
		h->excuses = HEALTH_EXCUSES;
	else if (h->excuses > 0)
		h->excuses--;
}

bool
health_take_answer(struct health *h, const struct health_answer *a)
{
	bool stale = !health_is_current(h, a->epoch);
	enum breaker_mode before = h->breaker.mode;
	bool blamed = false;

	/* The refusal concerns settings that are about to be replaced: it is not a reason to
	 * pause. */
	if (h->outdated && a->verdict->site == SITE_PAUSE) {
		if (a->probe)
			health_lost_probe(h);
		return false;
	}
	learn_size(h, a);
	count_refusals(h, a);
	if (a->verdict->site == SITE_READY)
		note_success(h, a->epoch);
	else
		note_failure(h, a);
	if (!stale)
		blamed = watch_suspects(h, a, before == BREAKER_CLOSED);
	if (blamed)
		excuse_next(h, a->endpoint);
	log_breaker(h, before);
	return blamed;
}

/* ---- a reload ------------------------------------------------------------------------------- */

void
health_outdate(struct health *h, bool outdated)
{
	h->outdated = outdated;
}

void
health_reload(struct health *h, const struct site_settings *old, int64_t now)
{
	const struct dispatch_site_options *o = &h->settings->options;

	breaker_configure(&h->breaker, o->retry_first_ms, o->retry_max_ms, o->batch_events);
	if (h->byte_limit >= old->options.batch_bytes || h->byte_limit > o->batch_bytes)
		h->byte_limit = o->batch_bytes;
	h->refused = 0;
	h->excuses = 0;
	suspects_reset(&h->suspects);
	if (h->breaker.why == SITE_PAUSE)
		breaker_retry(&h->breaker, now);
}

/* ---- the state for the outbox and the log --------------------------------------------------- */

struct outbox_site_state
health_record(const struct health *h)
{
	struct outbox_site_state state = h->state;

	state.byte_limit = h->byte_limit < h->settings->options.batch_bytes ? h->byte_limit : 0;
	state.refused = h->refused;
	return state;
}

void
health_announce(struct health *h)
{
	if (h->announced)
		return;
	h->announced = true;
	h->announcement = (struct outbox_site_change){
		.msg.type = OUTBOX_SITE_STATE,
		.site_id = h->settings->options.site_id,
		.site = health_record(h),
	};
	context_send(h->ctx, &h->announcement.msg, &h->errand);
}

bool
health_is_announcing(const struct health *h)
{
	return h->errand.with_writer;
}

bool
health_take_change(struct health *h)
{
	bool changed = h->changed;

	h->changed = false;
	return changed;
}
