/*
 * Making the next batch of a site ready: who is due, who has to wait, how much may go.
 */
#include "base/clock.h"
#include "dispatch/dispatcher_private.h"

/* A batch that was prepared longer ago is read again before it goes out: operators and retries may
 * have changed what is due. */
#define PREPARED_MAX_MS 1000
/* The wall clock may jump, so a time in the far future is looked at again meanwhile. */
#define LOOK_AGAIN_MS 60000
/* Who waits for a time of its own is read anew so often, because operators may have ended that. */
#define WAITING_AGAIN_MS 60000
/* They may be many, and an operation comes in many slices: not read again for each of them. */
#define CHANGED_AGAIN_MS 1000

static struct attempt *
find_idle(struct site *s)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].state == ATTEMPT_IDLE)
			return &s->attempts[i];
	return NULL;
}

void
site_drop_next(struct site *s)
{
	if (s->next != NULL)
		attempt_release(s->next);
	s->next = NULL;
}

void
site_unhold(struct site *s, int64_t id)
{
	if (s->held_to >= id)
		s->held_to = id - 1;
}

void
site_look_again(struct site *s, int64_t now)
{
	site_drop_next(s);
	s->look = true;
	s->held_to = 0;
	if (s->delayed_ms > now + CHANGED_AGAIN_MS)
		s->delayed_ms = now + CHANGED_AGAIN_MS;
}

static bool
somebody_waits(const struct site *s)
{
	return s->order.waiting.n > 0 || s->order.not_kept != INT64_MAX;
}

/* When to look again: nothing more is due now. */
static void
look_later(struct site *s, int64_t now)
{
	struct err e = { .code = ERR_NONE };
	int64_t soonest, wait;

	s->look = false;
	/* Who waits is read anew then: somebody may hold others back no longer. */
	s->look_ms = somebody_waits(s) ? s->delayed_ms : SITE_NEVER;
	if (outbox_due_soonest(s->d->reader, s->site_id, &soonest, &e) != 0) {
		dispatcher_tell(s->d, &s->d->read_limit, &e);
		s->look_ms = now + DISPATCH_READ_AGAIN_MS;
		return;
	}
	wait = soonest - clock_wall(s->d->clock);
	/* What is due already and was not taken is on its way, or waits for room in the unfit. */
	if (soonest == 0)
		return;
	/* One that is due and was not taken may be held back by one whose time comes later. */
	if (wait <= 0 || wait > LOOK_AGAIN_MS)
		wait = LOOK_AGAIN_MS;
	if (s->look_ms > now + wait)
		s->look_ms = now + wait;
}

static void
note_waiting(void *arg, int64_t event_id, struct slice address)
{
	struct order *o = arg;

	order_wait(o, order_address(o, address), event_id);
}

/* While nobody waits there is nothing that could have ended. */
static int
read_waiting(struct site *s, int64_t now, struct err *e)
{
	if (!somebody_waits(s))
		s->held_to = 0;
	if (now < s->delayed_ms || (s->delayed_ms != INT64_MIN && !somebody_waits(s)))
		return 0;
	order_forget_delayed(&s->order);
	s->held_to = 0;
	if (outbox_due_delayed(s->d->reader, s->site_id, note_waiting, &s->order, e) != 0) {
		s->delayed_ms = INT64_MIN;
		return -1;
	}
	s->delayed_ms = now + WAITING_AGAIN_MS;
	return 0;
}

/* With one request at a time the next one goes out after the verdict on this one. */
static bool
may_overlap(const struct site *s)
{
	return s->concurrency == 1;
}

static int
fill(struct site *s, struct attempt *a, int64_t now, struct err *e)
{
	int64_t wall = clock_wall(s->d->clock);
	struct batch_source source = {
		.reader = s->d->reader,
		.site_id = s->site_id,
		.now = wall,
		.horizon = wall + s->retry_max_ms,
		.expire_before = age_limit(&s->d->age, s->max_age_ms, wall, now),
		.max_items = breaker_limit(&s->breaker),
		.max_bytes = s->byte_limit,
		.mapping = &s->mapping,
		.taken = &s->inflight,
		.order = &s->order,
		.held_to = &s->held_to,
		.overlap = may_overlap(s),
		.unfit = &s->unfit,
	};
	struct batch_probe probe = {
		.after = s->probe_after,
		.suspects = &s->suspects,
	};

	if (read_waiting(s, now, e) != 0)
		return -1;
	a->probe = breaker_probing(&s->breaker);
	return a->probe ? batch_fill_probe(&a->batch, &source, &probe, e)
			: batch_fill(&a->batch, &source, e);
}

static void
read_batch(struct site *s, struct attempt *a, int64_t now)
{
	struct batch *b = &a->batch;
	size_t before = b->n;
	struct err e = { .code = ERR_NONE };
	int rc = fill(s, a, now, &e);

	/* They fit: the set has room for every attempt's batch. */
	inflight_add(&s->inflight, b->ids + before, b->n - before);
	if (before == 0)
		b->built_ms = now;
	if (rc != 0) {
		dispatcher_tell(s->d, &s->d->read_limit, &e);
		s->look = false;
		s->look_ms = now + DISPATCH_READ_AGAIN_MS;
	} else if (!b->full && !b->unfinished) {
		look_later(s, now);
	}
}

bool
site_prepare(struct site *s, int64_t now)
{
	if (now >= s->look_ms) {
		s->look_ms = SITE_NEVER;
		s->look = true;
	}
	if (s->next != NULL && now - s->next->batch.built_ms > PREPARED_MAX_MS)
		site_drop_next(s);
	if (s->next == NULL && s->look && (s->next = find_idle(s)) != NULL)
		s->next->state = ATTEMPT_FILLED;
	if (s->next != NULL && s->look && !s->next->batch.full)
		read_batch(s, s->next, now);
	if (s->next != NULL && s->next->batch.n == 0) {
		s->next->state = ATTEMPT_IDLE;
		s->next = NULL;
	}
	return s->next != NULL;
}
