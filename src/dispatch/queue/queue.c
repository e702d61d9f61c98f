/*
 * The due events of one site. Normal path: queue_prepare reads a batch ahead, queue_depart gives it
 * to an attempt, queue_give_back frees its events when their outcome is recorded. Reading the
 * outbox can fail, and is tried again later.
 */
#include "dispatch/queue/queue.h"

#include "dispatch/age.h"
#include "dispatch/queue/fill.h"
#include "dispatch/queue/first.h"
#include "dispatch/queue/probe.h"

/* A batch that was prepared longer ago is read again before it is sent: operators and retries may
 * have changed which events are due. */
#define PREPARED_MAX_MS 1000
/* The wall clock may jump, so a time in the far future is checked again this often. */
#define LOOK_AGAIN_MS 60000
/* How often to read the delayed events again: an operator may have ended a delay. */
#define DELAYED_AGAIN_MS 60000
/* There may be many delayed events, and an operation may have many steps: the delayed events are
 * not read again after each step. */
#define CHANGED_AGAIN_MS 1000
/* Reading begins after the taken events. This often it begins at the oldest event instead, so that
 * no event is missed for longer. */
#define RETAKE_MS 1000
/* Events that one step prepares: some tenths of a millisecond, for which a request waits at most.
 */
#define PREPARE_STEP 128

void
queue_init(struct queue *q, struct dispatch_context *ctx, const struct site_settings *settings,
    const struct health *health)
{
	*q = (struct queue){
		.ctx = ctx,
		.settings = settings,
		.health = health,
		.look = true,
		.look_ms = CONTEXT_NEVER,
		.delayed_ms = INT64_MIN,
	};
	order_init(&q->order, &ctx->chance);
}

int
queue_reserve(struct queue *q, const struct site_settings *settings, size_t batches, struct err *e)
{
	size_t max = settings->options.batch_events, most = (batches + 2) * max;

	/* The batches in flight, the prepared one, and the suspects. */
	return batch_reserve(&q->prepared, max, e) == 0 && taken_reserve(&q->taken, most, e) == 0
		       && order_reserve(&q->order, most, e) == 0
		   ? 0
		   : -1;
}

void
queue_free(struct queue *q)
{
	batch_free(&q->prepared);
	taken_free(&q->taken);
	order_free(&q->order);
}

void
queue_reload(struct queue *q)
{
	taken_clear(&q->taken);
	order_reset(&q->order);
	unfit_forget(&q->unfit);
	q->look = true;
	q->look_ms = CONTEXT_NEVER;
	q->delayed_ms = INT64_MIN;
	q->blocked_to = 0;
	q->taken_to = 0;
}

/* ---- preparing ------------------------------------------------------------------------------ */

/* Sets when to look again, because no more events are due now. */
static void
look_later(struct queue *q, int64_t now)
{
	struct outbox_port *outbox = q->ctx->outbox;
	struct err e = { .code = ERR_NONE };
	int64_t soonest, wait;

	q->look = false;
	q->taken_to = 0;
	/* Look again when it is time to read the delayed events again: an operator may have ended a
	 * delay. */
	q->look_ms = order_has_delayed(&q->order) ? q->delayed_ms : CONTEXT_NEVER;
	if (outbox->soonest(outbox, q->settings->options.site_id, &soonest, &e) != 0) {
		context_warn_reading(q->ctx, &e);
		q->look_ms = now + CONTEXT_READ_AGAIN_MS;
		return;
	}
	/* Due events that were not read are taken, or wait for room in the unfit list. */
	if (soonest == 0)
		return;
	wait = soonest - context_wall(q->ctx, now);
	/* A due event that was not read may be blocked by one with a later retry time. */
	if (wait <= 0 || wait > LOOK_AGAIN_MS)
		wait = LOOK_AGAIN_MS;
	if (q->look_ms > now + wait)
		q->look_ms = now + wait;
}

static void
note_delayed(void *arg, int64_t event_id, struct slice address)
{
	struct queue *q = arg;
	const struct mapping_options *mapping = &q->settings->options.mapping;

	order_delay(&q->order, order_address(&q->order, fill_address(mapping, address)), event_id);
}

/* Reads from time to time which events are delayed, while the queue knows of any. */
static int
read_delayed(struct queue *q, int64_t now, struct err *e)
{
	struct outbox_port *outbox = q->ctx->outbox;
	bool known = order_has_delayed(&q->order);

	if (!known)
		q->blocked_to = 0;
	if (now < q->delayed_ms || (q->delayed_ms != INT64_MIN && !known))
		return 0;
	order_forget_delayed(&q->order);
	q->blocked_to = 0;
	if (outbox->delayed(outbox, q->settings->options.site_id, note_delayed, q, e) != 0) {
		q->delayed_ms = INT64_MIN;
		return -1;
	}
	q->delayed_ms = now + DELAYED_AGAIN_MS;
	return 0;
}

static int
fill_prepared(struct queue *q, int64_t now, size_t step, struct err *e)
{
	const struct dispatch_site_options *o = &q->settings->options;
	int64_t wall = context_wall(q->ctx, now);
	struct fill f = {
		.outbox = q->ctx->outbox,
		.site_id = o->site_id,
		.now = wall,
		.horizon = wall + o->retry_max_ms,
		.expire_before = age_limit(&q->ctx->history, o->max_age_ms),
		.limits.items = breaker_limit(&q->health->breaker),
		.limits.bytes = q->health->byte_limit,
		.step = step,
		.composer = q->ctx->composer,
		.mapping = &o->mapping,
		.taken = &q->taken,
		.order = &q->order,
		/* With one request at a time, the next batch is sent only after the verdict on the
		 * one in flight. */
		.overlap = o->concurrency == 1,
		.blocked_to = &q->blocked_to,
		.taken_to = &q->taken_to,
		.unfit = &q->unfit,
	};
	struct probe probe = {
		.after = q->probed_event,
		.suspects = &q->health->suspects,
	};

	if (read_delayed(q, now, e) != 0)
		return -1;
	if (now >= q->retake_ms) {
		q->taken_to = 0;
		q->retake_ms = now + RETAKE_MS;
	}
	if (health_is_probing(q->health))
		return probe_fill(&q->prepared, &f, &probe, e);
	if (o->n_first > 0 && q->prepared.members.n == 0
	    && first_fill(&q->prepared, &f, o->first, o->n_first, e) != 0)
		return -1;
	return q->prepared.full ? 0 : fill_batch(&q->prepared, &f, e);
}

static void
read_batch(struct queue *q, int64_t now, size_t step)
{
	struct members *m = &q->prepared.members;
	size_t before = m->n;
	struct err e = { .code = ERR_NONE };
	int rc = fill_prepared(q, now, step, &e);

	/* Cannot fail: the set has room for all batches in flight. */
	taken_add(&q->taken, m->ids + before, m->n - before);
	if (before == 0)
		q->prepared.built_ms = now;
	if (rc != 0) {
		context_warn_reading(q->ctx, &e);
		q->look = false;
		q->look_ms = now + CONTEXT_READ_AGAIN_MS;
	} else if (!q->prepared.full && !q->prepared.unfinished) {
		look_later(q, now);
	}
}

static void
prepare(struct queue *q, int64_t now, size_t step)
{
	const struct batch *next = &q->prepared;

	if (now >= q->look_ms) {
		q->look_ms = CONTEXT_NEVER;
		q->look = true;
	}
	if (next->members.n > 0 && now - next->built_ms > PREPARED_MAX_MS)
		queue_drop(q);
	if (q->look && !next->full)
		read_batch(q, now, step);
}

bool
queue_prepare(struct queue *q, int64_t now)
{
	prepare(q, now, 0);
	return q->prepared.members.n > 0;
}

void
queue_prepare_step(struct queue *q, int64_t now)
{
	prepare(q, now, PREPARE_STEP);
}

int64_t
queue_next(const struct queue *q)
{
	return q->prepared.members.n > 0 || q->look ? INT64_MIN : q->look_ms;
}

bool
queue_must_look(const struct queue *q)
{
	return q->look && (q->prepared.members.n == 0 || q->prepared.unfinished);
}

/* ---- departure and return ------------------------------------------------------------------- */

/* Makes reading begin at this event again, because it may be due or may no longer block others. */
static void
unblock(struct queue *q, int64_t id)
{
	if (q->blocked_to >= id)
		q->blocked_to = id - 1;
}

static void
untake(struct queue *q, int64_t id)
{
	if (q->taken_to >= id)
		q->taken_to = id - 1;
}

void
queue_drop(struct queue *q)
{
	struct members *m = &q->prepared.members;

	if (m->n == 0)
		return;
	/* Does not touch the order: other events of these addresses may be in flight. */
	taken_remove(&q->taken, m->ids, m->n);
	unblock(q, m->ids[0]);
	untake(q, m->ids[0]);
	batch_clear(&q->prepared);
	q->look = true;
}

void
queue_depart(struct queue *q, struct batch *to)
{
	struct batch empty = *to;

	*to = q->prepared;
	q->prepared = empty;
	if (to->probe)
		q->probed_event = to->members.ids[0];
	order_depart(&q->order, &to->members);
	/* With one request at a time, later events of the same addresses may now be prepared. */
	unblock(q, to->members.ids[0]);
}

bool
queue_take(struct queue *q, const struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (taken_has(&q->taken, m->ids[i]))
			return false;
	taken_add(&q->taken, m->ids, m->n);
	order_depart(&q->order, m);
	return true;
}

void
queue_land(struct queue *q, const struct members *m)
{
	order_land(&q->order, m);
	unblock(q, m->ids[0]);
}

void
queue_give_back(struct queue *q, const struct members *m, bool again)
{
	queue_land(q, m);
	taken_remove(&q->taken, m->ids, m->n);
	if (again)
		untake(q, m->ids[0]);
	q->look = true;
}

void
queue_delay(struct queue *q, uint64_t address, int64_t id)
{
	order_delay(&q->order, address, id);
}

/* ---- changes from outside ------------------------------------------------------------------- */

void
queue_wake(struct queue *q)
{
	q->look = true;
}

void
queue_look_again(struct queue *q, int64_t now)
{
	queue_drop(q);
	q->look = true;
	q->blocked_to = 0;
	q->taken_to = 0;
	if (q->delayed_ms > now + CHANGED_AGAIN_MS)
		q->delayed_ms = now + CHANGED_AGAIN_MS;
}

void
queue_flush(struct queue *q)
{
	q->look = true;
	q->blocked_to = 0;
	q->taken_to = 0;
	q->delayed_ms = INT64_MIN;
}

/* ---- unfit events --------------------------------------------------------------------------- */

static void
unfit_settled(void *owner)
{
	struct queue *q = owner;

	if (q->unfit.settle.msg.rc != 0)
		return;
	unfit_forget(&q->unfit);
	q->look = true;
	q->delayed_ms = INT64_MIN;
}

void
queue_settle_unfit(struct queue *q, int64_t now)
{
	q->unfit.errand.back = unfit_settled;
	q->unfit.errand.owner = q;
	unfit_settle(&q->unfit, q->ctx, now);
}

bool
queue_is_settling(const struct queue *q)
{
	return q->unfit.errand.with_writer;
}

int64_t
queue_settle_next(const struct queue *q)
{
	return q->unfit.n == 0 || queue_is_settling(q) ? CONTEXT_NEVER
						       : q->unfit.errand.not_before_ms;
}
