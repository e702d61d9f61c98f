/*
 * Chooses the event of a probe. Normal path: due events are compared in order until the best one is
 * found, which is then put into the batch. Reading can fail.
 */
#include "dispatch/queue/probe.h"

#include "dispatch/age.h"
#include "dispatch/queue/passing.h"

/* State of the search. */
struct search {
	const struct fill *f;
	const struct probe *probe;
	/* events already considered: they block later events of their addresses */
	struct order_set seen;
	struct passing passing;
	enum reading next;
	int64_t best; /* the best event so far; 0: none */
	unsigned rank;
};

#define RANK_BEST 3

/* A pending event that was charged has failed alone before, maybe too long ago for the suspects. */
static unsigned
rank_of(const struct search *s, const struct outbox_event *event)
{
	int64_t id = event->event_id;
	bool doubt = event->attempts > 0 || suspects_doubt(s->probe->suspects, id);

	return (unsigned)(!doubt * 2 + (id > s->probe->after));
}

/* Remembers the event when it is better than the earlier ones. */
static enum reading
compare(struct search *s, uint64_t address, const struct outbox_event *event)
{
	unsigned rank = rank_of(s, event);
	int64_t id = event->event_id;

	if (!order_set_has(&s->seen, address, id) && (s->best == 0 || rank > s->rank)) {
		s->best = id;
		s->rank = rank;
	}
	if (s->best != 0 && s->rank == RANK_BEST)
		return READING_ENOUGH;
	if (order_set_add(&s->seen, address, id) != 0)
		return READING_ENOUGH;
	return pass_over(&s->passing);
}

static enum reading
judge(struct search *s, const struct outbox_event *event)
{
	const struct fill *f = s->f;
	uint64_t address = order_address(f->order, fill_address(f->mapping, event->email));
	int64_t id = event->event_id;

	if (event->damage != NULL)
		return pass_over_damaged(&s->passing, f, event);
	if (age_is_over(f->expire_before, event->received_at))
		return pass_over_expired(&s->passing, f, id);
	if (passing_is_blocked(f, address, id))
		return pass_over_blocked(&s->passing, f, address, id);
	return compare(s, address, event);
}

static bool
weigh(void *arg, const struct outbox_event *event)
{
	struct search *s = arg;

	s->next = judge(s, event);
	return s->next == READING_ON;
}

int
probe_fill(struct batch *b, const struct fill *f, const struct probe *probe, struct err *e)
{
	struct due_query query = fill_query(f, 0);
	struct search s = { .f = f, .probe = probe, .passing.run = true };
	int rc;

	order_set_init(&s.seen, FILL_LOOK_MAX);
	rc = f->outbox->due(f->outbox, &query, weigh, &s, e);
	order_set_free(&s.seen);
	if (rc == 0 && s.best != 0)
		rc = fill_batch_with(b, f, &s.best, 1, e);
	b->probe = true;
	b->unfinished = s.best == 0 && s.passing.run && s.next == READING_ENOUGH;
	b->full = b->members.n > 0;
	return rc;
}
