/*
 * Finds the events that go first. One scan notes of each due event which people it may concern, as
 * hashes; then the people of events that match are followed through all events until no more are
 * found. Without memory nothing goes first this time.
 */
#include "dispatch/queue/first.h"

#include <stdlib.h>

#include "event/mapping/rules.h"
#include "event/segment/persons.h"

#define PEOPLE_MAX (PERSONS_MAX + 1) /* and the address */

struct looked {
	int64_t id;
	uint64_t people[PEOPLE_MAX];
	unsigned char n;
	bool goes; /* it goes first */
};

struct look {
	const struct fill *f;
	const char *const *patterns;
	size_t n_patterns;
	struct looked *events;
	size_t n;
	size_t n_until; /* the events after this many are younger than the last that matches */
	struct order_set people; /* those who go first; all with the id 1 */
	bool failed;
};

static bool
matches(const struct look *l, const struct outbox_event *event)
{
	for (size_t i = 0; event->kind == KIND_TRACK && i < l->n_patterns; i++)
		if (rules_match(slice_from(l->patterns[i]), event->name))
			return true;
	return false;
}

static void
note_people(struct look *l, struct looked *to, const struct outbox_event *event)
{
	struct slice ids[PERSONS_MAX];
	size_t n = persons_find(event->body, ids);

	for (size_t i = 0; i < n; i++)
		to->people[to->n++] = order_address(l->f->order, ids[i]);
	if (event->email.n > 0)
		to->people[to->n++] = order_address(l->f->order, event->email);
}

/* Adds the event's people to those who go first. Returns whether any of them is new. */
static bool
add_people(struct look *l, const struct looked *event)
{
	size_t before = l->people.n;

	for (unsigned i = 0; i < event->n; i++)
		if (order_set_add(&l->people, event->people[i], 1) != 0)
			l->failed = true;
	return l->people.n > before;
}

static bool
is_of_them(const struct look *l, const struct looked *event)
{
	for (unsigned i = 0; i < event->n; i++)
		if (order_set_has(&l->people, event->people[i], INT64_MAX))
			return true;
	return false;
}

static bool
look_at(void *arg, const struct outbox_event *event)
{
	struct look *l = arg;
	struct looked *to = &l->events[l->n];

	/* A delayed event, which failed alone, blocks all younger ones: see fill_address. */
	if (event->body.p == NULL
	    || order_is_blocked(
		l->f->order, order_address(l->f->order, SLICE_NONE), event->event_id))
		return false;
	*to = (struct looked){ .id = event->event_id };
	note_people(l, to, event);
	l->n++;
	if (matches(l, event)) {
		to->goes = true;
		add_people(l, to);
		l->n_until = l->n;
	}
	return l->n < FIRST_LOOK;
}

/* Follows the people: an event of theirs may name more of them. */
static void
follow(struct look *l)
{
	bool more = true;

	while (more && !l->failed) {
		more = false;
		for (size_t i = 0; i < l->n_until; i++) {
			struct looked *event = &l->events[i];

			if (event->goes || !is_of_them(l, event))
				continue;
			event->goes = true;
			more |= add_people(l, event);
		}
	}
}

/* Puts the chosen events into the batch, as many as it may have. */
static int
fill_chosen(struct batch *b, const struct look *l, struct err *e)
{
	size_t max = l->f->limits.items, n = 0;
	int64_t *ids = reallocarray(NULL, max, sizeof(*ids));
	int rc = 0;

	if (ids == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < l->n_until && n < max; i++)
		if (l->events[i].goes)
			ids[n++] = l->events[i].id;
	if (n > 0)
		rc = fill_batch_with(b, l->f, ids, n, e);
	/* Others were passed over, so the batch must not be filled further. */
	b->full = b->members.n > 0;
	free(ids);
	return rc;
}

int
first_fill(struct batch *b, const struct fill *f, const char *const *patterns, size_t n_patterns,
    struct err *e)
{
	struct look l = { .f = f, .patterns = patterns, .n_patterns = n_patterns };
	struct due_query query = fill_query(f, 0);
	int rc;

	query.fresh_after = 0;
	l.events = reallocarray(NULL, FIRST_LOOK, sizeof(*l.events));
	if (l.events == NULL)
		return err_nomem(e);
	order_set_init(&l.people, FIRST_LOOK * PEOPLE_MAX);
	rc = f->outbox->due(f->outbox, &query, look_at, &l, e);
	follow(&l);
	if (l.failed)
		rc = err_nomem(e);
	if (rc == 0)
		rc = fill_chosen(b, &l, e);
	order_set_free(&l.people);
	free(l.events);
	return rc;
}
