/*
 * Follows batches of which Bento accepted only a part. Normal path: a partial answer puts the batch
 * into an entry; later attempts with fewer of its events settle them. When all are settled and as
 * many were refused as Bento first counted, parts_record asks the writer to mark the held events as
 * failed. When the writer cannot store that for now, the message is sent again; after an I/O error
 * the events stay held.
 */
#include "dispatch/outgoing/parts.h"

#include <stdlib.h>

/* ---- entries -------------------------------------------------------------------------------- */

static void
forget(struct parted *b)
{
	b->failed = 0;
	b->proven = false;
}

void
parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->batches[i].ids);
		free(p->batches[i].held);
	}
	free(p->batches);
	*p = (struct parts){ .n = 0 };
}

int
parts_reserve(
    struct parts *p, struct dispatch_context *ctx, size_t batches, size_t max_events, struct err *e)
{
	parts_free(p);
	p->ctx = ctx;
	p->batches = calloc(batches, sizeof(*p->batches));
	if (p->batches == NULL)
		return err_nomem(e);
	p->max_events = max_events;
	for (; p->n < batches; p->n++) {
		struct parted *b = &p->batches[p->n];

		b->ids = calloc(max_events, sizeof(*b->ids));
		b->held = calloc(max_events, sizeof(*b->held));
		if (b->ids == NULL || b->held == NULL) {
			p->n++;
			parts_free(p);
			return err_nomem(e);
		}
	}
	return 0;
}

/* Returns a free entry, or else the entry of the oldest batch; NULL while every entry's message is
 * with the writer. */
static struct parted *
find_place(struct parts *p)
{
	struct parted *found = NULL;

	for (size_t i = 0; i < p->n; i++) {
		struct parted *b = &p->batches[i];

		if (b->errand.with_writer)
			continue;
		if (b->failed == 0)
			return b;
		if (found == NULL || b->age < found->age)
			found = b;
	}
	return found;
}

/* ---- what later attempts show ---------------------------------------------------------------- */

static size_t
place_of(const struct parted *b, int64_t id)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (llabs(b->ids[middle]) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has(const struct parted *b, int64_t id)
{
	size_t at = place_of(b, id);

	return at < b->n && llabs(b->ids[at]) == id;
}

/* Whether all these events are in the batch, and none of them is settled. */
static bool
waits_for(const struct parted *b, const struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!has(b, m->ids[i]) || b->ids[place_of(b, m->ids[i])] < 0)
			return false;
	return true;
}

static bool
touches(const struct parted *b, const struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (has(b, m->ids[i]))
			return true;
	return false;
}

/* Adds id to the held events, which stay in ascending order. */
static void
hold(struct parted *b, int64_t id)
{
	size_t at = b->n_held++;

	for (; at > 0 && b->held[at - 1] > id; at--)
		b->held[at] = b->held[at - 1];
	b->held[at] = id;
}

static void
settle(struct parted *b, const struct members *m, const struct shown *shown)
{
	for (size_t i = 0; i < m->n; i++)
		b->ids[place_of(b, m->ids[i])] = -m->ids[i];
	b->n_settled += m->n;
	b->n_refused += shown->what == SHOWS_REFUSED;
	if (shown->held)
		hold(b, m->ids[0]);
}

static void
conclude(struct parted *b)
{
	if (b->n_settled < b->n)
		return;
	b->proven = b->n_refused == b->failed && b->n_held > 0;
	if (!b->proven)
		forget(b);
}

static void
take_end(struct parted *b, const struct members *m, const struct shown *shown)
{
	if (shown->what == SHOWS_DOUBT || !waits_for(b, m)) {
		forget(b);
	} else if (shown->what == SHOWS_TAKEN || shown->what == SHOWS_REFUSED) {
		settle(b, m, shown);
		conclude(b);
	}
}

static void
open_place(struct parts *p, const struct members *m, size_t refused)
{
	struct parted *b = find_place(p);

	if (b == NULL || m->n > p->max_events)
		return;
	for (size_t i = 0; i < m->n; i++)
		b->ids[i] = m->ids[i];
	b->n = m->n;
	b->n_settled = b->n_refused = b->n_held = 0;
	b->failed = refused;
	b->proven = false;
	b->age = p->next_age++;
	b->errand = (struct errand){ .not_before_ms = INT64_MIN };
}

void
parts_note(struct parts *p, const struct members *m, const struct shown *shown)
{
	if (shown->what == SHOWS_NOTHING)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct parted *b = &p->batches[i];

		if (b->failed > 0 && !b->proven && touches(b, m)) {
			take_end(b, m, shown);
			return;
		}
	}
	if (shown->what == SHOWS_SOME && shown->exact)
		open_place(p, m, shown->refused);
}

/* ---- the decision --------------------------------------------------------------------------- */

/* The writer has returned the message. */
static void
recorded(void *owner)
{
	struct parted *b = owner;
	const struct outbox_msg *msg = &b->settle.msg;

	if (msg->rc == 0 || msg->err.code == ERR_IO)
		forget(b);
}

void
parts_record(struct parts *p, int64_t now)
{
	for (size_t i = 0; i < p->n; i++) {
		struct parted *b = &p->batches[i];

		if (!b->proven || !errand_is_due(&b->errand, now))
			continue;
		b->errand.back = recorded;
		b->errand.owner = b;
		b->settle = (struct outbox_settle){
			.msg.type = OUTBOX_SETTLE,
			.event_ids = b->held,
			.n_events = b->n_held,
			.status = STATUS_FAILED,
			.reason = "refused",
			.in_doubt = true,
		};
		if (context_send(p->ctx, &b->settle.msg, &b->errand) != 0)
			forget(b);
	}
}

int64_t
parts_next(const struct parts *p)
{
	int64_t at = CONTEXT_NEVER;

	for (size_t i = 0; i < p->n; i++) {
		const struct parted *b = &p->batches[i];

		if (b->proven && !b->errand.with_writer && b->errand.not_before_ms < at)
			at = b->errand.not_before_ms;
	}
	return at;
}

bool
parts_are_recording(const struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->batches[i].errand.with_writer)
			return true;
	return false;
}
