/*
 * Fills a batch. Normal path: each due event is loaded, offered to the payload, and kept when it
 * fits. decide() chooses what happens to the event, and act() does it. When reading fails or memory
 * runs out, the batch stays valid.
 */
#include "dispatch/queue/fill.h"

#include "dispatch/age.h"
#include "dispatch/queue/passing.h"

/* The most bytes that composing adds to an event: names of keys, the date, escapes in name and
 * address. */
#define COMPOSING_MARGIN 16384

/* State of one call of fill_batch, with the current event. */
struct filling {
	const struct fill *f;
	struct batch *batch;
	struct passing passing;
	size_t n_kept;
	bool gapless;               /* every event after taken_to has been kept so far */
	struct order_set elsewhere; /* events for another endpoint, which block later events of
				       their addresses */
	enum reading next;          /* whether reading goes on after the event */
	const struct outbox_event *event;
	uint64_t address;
	struct composed composed;
};

enum fate {
	FATE_DAMAGED,   /* the disk changed it, so nothing in it can be trusted */
	FATE_BLOCKED,   /* blocked by an older event of its address */
	FATE_BEHIND,    /* blocked by an event of its address that goes to another endpoint */
	FATE_EXPIRED,   /* it is too old */
	FATE_REMOVED,   /* retention removed its body */
	FATE_TOO_LARGE, /* too large for any request */
	FATE_NEVER,     /* the composer gives the reason */
	FATE_ELSEWHERE, /* it goes to another endpoint */
	FATE_APART,     /* its max_batch differs from the batch's */
	FATE_NO_ROOM,   /* no room in the batch with the others, or no memory */
	FATE_KEPT
};

struct slice
fill_address(const struct mapping_options *mapping, struct slice email)
{
	return mapping->forward ? SLICE_NONE : email;
}

static enum fate
decide_offered(const struct filling *g)
{
	const struct batch *b = g->batch;

	if (g->composed.how == COMPOSED_NEVER)
		return FATE_NEVER;
	if (g->composed.how == COMPOSED_NO_ROOM)
		return g->event->body.n > PAYLOAD_MAX - COMPOSING_MARGIN ? FATE_TOO_LARGE
									 : FATE_NO_ROOM;
	if (batch_goes_elsewhere(b, &g->composed))
		return FATE_ELSEWHERE;
	return batch_overflows(b, &g->composed, &g->f->limits) ? FATE_NO_ROOM : FATE_KEPT;
}

static enum fate
decide(struct filling *g)
{
	const struct fill *f = g->f;
	const struct outbox_event *event = g->event;
	struct batch *b = g->batch;

	if (event->damage != NULL)
		return FATE_DAMAGED;
	if (passing_is_blocked(f, g->address, event->event_id))
		return FATE_BLOCKED;
	if (order_set_has(&g->elsewhere, g->address, event->event_id))
		return FATE_BEHIND;
	if (age_is_over(f->expire_before, event->received_at))
		return FATE_EXPIRED;
	if (event->body.p == NULL)
		return FATE_REMOVED;
	if (b->members.n > 0 && event->max_batch != b->members.group)
		return FATE_APART;
	g->composed = payload_offer(&b->payload, f->composer, f->mapping, event);
	return decide_offered(g);
}

/* Ends the batch: the event begins the next one. */
static enum reading
leave(struct filling *g, bool by_bytes)
{
	if (g->batch->members.n == 0)
		return READING_NO_MEMORY;
	g->batch->full = true;
	g->batch->by_bytes = by_bytes;
	return READING_ENOUGH;
}

static enum reading
keep(struct filling *g)
{
	struct batch *b = g->batch;

	batch_keep(b, g->event, g->address, &g->composed, &g->f->limits);
	if (b->full)
		return READING_ENOUGH;
	/* A batch must not be filled further once an event was skipped: see fill_batch. */
	b->unfinished = ++g->n_kept == g->f->step && g->passing.n == 0 && *g->f->blocked_to == 0;
	return b->unfinished ? READING_ENOUGH : READING_ON;
}

static enum reading
act(struct filling *g, enum fate fate)
{
	struct passing *p = &g->passing;
	int64_t id = g->event->event_id;

	if (fate == FATE_BLOCKED)
		return pass_over_blocked(p, g->f, g->address, id);
	p->run = false;
	switch (fate) {
	case FATE_DAMAGED:
		return pass_over_damaged(p, g->f, g->event);
	case FATE_EXPIRED:
		return pass_over_expired(p, g->f, id);
	case FATE_REMOVED:
		return pass_over_unfit(p, g->f, id, "body_removed", STATUS_INVALID);
	case FATE_TOO_LARGE:
		return pass_over_unfit(p, g->f, id, "too_large", STATUS_INVALID);
	case FATE_NEVER:
		return pass_over_unfit(p, g->f, id, g->composed.reason, g->composed.status);
	case FATE_ELSEWHERE:
		if (order_set_add(&g->elsewhere, g->address, id) != 0)
			return READING_ENOUGH;
		return pass_over(p);
	case FATE_APART:
		return leave(g, g->batch->by_bytes);
	case FATE_NO_ROOM:
		return leave(g, g->batch->payload.offered > g->f->limits.bytes);
	case FATE_KEPT:
		return keep(g);
	case FATE_BEHIND:
	case FATE_BLOCKED:
		break;
	}
	return pass_over(p);
}

static bool
take(void *arg, const struct outbox_event *event)
{
	struct filling *g = arg;
	enum fate fate;

	g->event = event;
	g->address = order_address(g->f->order, fill_address(g->f->mapping, event->email));
	fate = decide(g);
	g->gapless = g->gapless && fate == FATE_KEPT;
	if (g->gapless)
		*g->f->taken_to = event->event_id;
	g->next = act(g, fate);
	return g->next == READING_ON;
}

struct due_query
fill_query(const struct fill *f, int64_t after)
{
	return (struct due_query){
		.site_id = f->site_id,
		.now = f->now,
		.horizon = f->horizon,
		.after = after,
		.fresh_after = *f->blocked_to > *f->taken_to ? *f->blocked_to : *f->taken_to,
		.taken = f->taken->ids,
		.n_taken = f->taken->n,
	};
}

int
fill_batch(struct batch *b, const struct fill *f, struct err *e)
{
	struct members *m = &b->members;
	struct due_query query = fill_query(f, m->n == 0 ? 0 : m->ids[m->n - 1]);
	struct filling g = { .f = f, .batch = b, .passing.run = m->n == 0 };
	int rc;

	/* There is a gap if an event after taken_to was blocked, or was skipped before `after`. */
	g.gapless = *f->blocked_to <= *f->taken_to && query.after <= *f->taken_to;
	b->unfinished = false;
	if (b->full)
		return 0;
	order_set_init(&g.elsewhere, FILL_LOOK_MAX);
	rc = f->outbox->due(f->outbox, &query, take, &g, e);
	order_set_free(&g.elsewhere);
	if (m->n == 0)
		b->unfinished = g.passing.run && g.next == READING_ENOUGH;
	/* If the batch were filled further, a later event could overtake a skipped event of its
	 * address. */
	if ((g.passing.n > 0 || *f->blocked_to > 0) && m->n > 0)
		b->full = true;
	return g.next == READING_NO_MEMORY ? err_nomem(e) : rc;
}

int
fill_batch_with(struct batch *b, const struct fill *f, const int64_t *ids, size_t n, struct err *e)
{
	struct fill whole = *f; /* without steps */
	struct filling g = { .f = &whole, .batch = b };
	int rc;

	whole.step = 0;
	rc = f->outbox->load(f->outbox, ids, n, take, &g, e);

	return g.next == READING_NO_MEMORY ? err_nomem(e) : rc;
}
