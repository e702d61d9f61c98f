/* The reading half of the fake outbox. */
#include <stdio.h>

#include "unit/dispatch/fake_outbox.h"

static struct fake_outbox *
fake_of(struct outbox_port *p)
{
	return (struct fake_outbox *)(void *)p;
}

static struct slice
address_of(struct fake_outbox *f, const struct fake_event *event, int64_t id)
{
	if (event->email != NULL)
		return slice_from(event->email);
	snprintf(f->email, sizeof(f->email), "a%lld@example.com", (long long)id);
	return slice_from(f->email);
}

static bool
is_due(const struct fake_event *event, int64_t id, const struct due_query *q)
{
	for (size_t i = 0; i < q->n_taken; i++)
		if (q->taken[i] == id)
			return false;
	return event->site_id == q->site_id && event->status == STATUS_PENDING
	       && (event->next_attempt_at != 0 || id > q->fresh_after)
	       && (event->next_attempt_at <= q->now || event->next_attempt_at > q->horizon);
}

/* Returns the next id after *at, or 0. */
static int64_t
next_due(struct fake_outbox *f, const struct due_query *q, int64_t *at)
{
	int64_t found = 0;

	pthread_mutex_lock(&f->mutex);
	while (f->settled < f->n_events && f->events[f->settled].status != STATUS_PENDING)
		f->settled++;
	if (*at < (int64_t)f->settled)
		*at = (int64_t)f->settled;
	while (found == 0 && (size_t)*at < f->n_events) {
		const struct fake_event *event = &f->events[(*at)++];

		if (is_due(event, *at, q))
			found = *at;
	}
	pthread_mutex_unlock(&f->mutex);
	return found;
}

static int
soonest(struct outbox_port *p, int64_t site_id, int64_t *ret_at, struct err *e)
{
	struct fake_outbox *f = fake_of(p);
	int64_t at = 0;

	(void)e;
	pthread_mutex_lock(&f->mutex);
	for (size_t i = f->settled; i < f->n_events; i++) {
		const struct fake_event *event = &f->events[i];

		if (event->site_id != site_id || event->status != STATUS_PENDING
		    || event->next_attempt_at == 0)
			continue;
		if (at == 0 || event->next_attempt_at < at)
			at = event->next_attempt_at;
	}
	pthread_mutex_unlock(&f->mutex);
	*ret_at = at;
	return 0;
}

static int
delayed(struct outbox_port *p, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e)
{
	struct fake_outbox *f = fake_of(p);

	(void)e;
	pthread_mutex_lock(&f->mutex);
	for (size_t i = f->settled; i < f->n_events; i++) {
		const struct fake_event *event = &f->events[i];
		int64_t id = (int64_t)i + 1;

		if (event->site_id == site_id && event->status == STATUS_PENDING
		    && event->next_attempt_at > 0)
			each(arg, id, address_of(f, event, id));
	}
	pthread_mutex_unlock(&f->mutex);
	return 0;
}

static bool
show(struct fake_outbox *f, int64_t id, bool (*each)(void *arg, const struct outbox_event *event),
    void *arg)
{
	const struct fake_event *event;
	struct outbox_event shown;

	pthread_mutex_lock(&f->mutex);
	event = fake_outbox_event(f, id);
	f->loads++;
	snprintf(f->message_id, sizeof(f->message_id), "m%lld", (long long)id);
	shown = (struct outbox_event){
		.event_id = id,
		.message_id = slice_from(f->message_id),
		.kind = KIND_TRACK,
		.name = slice_from(event->name == NULL ? "Tested" : event->name),
		.email = address_of(f, event, id),
		.received_at = event->received_at,
		.max_batch = event->max_batch,
		.body = slice_from(event->body),
		.attempts = event->attempts,
		.maybe_sent = event->maybe_sent,
		.damage = event->damage,
	};
	pthread_mutex_unlock(&f->mutex);
	return each(arg, &shown);
}

static int
due(struct outbox_port *p, const struct due_query *q,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	struct fake_outbox *f = fake_of(p);
	int64_t id, at = q->after;

	f->read_after = q->after > q->fresh_after ? q->after : q->fresh_after;
	if (f->unreadable)
		return err_set(e, ERR_SYSTEM, "made unreadable");
	do
		id = next_due(f, q, &at);
	while (id != 0 && show(f, id, each, arg));
	return 0;
}

static int
load(struct outbox_port *p, const int64_t *ids, size_t n,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < n && show(fake_of(p), ids[i], each, arg); i++)
		;
	return 0;
}

void
fake_reader_init(struct outbox_port *p)
{
	p->due = due;
	p->load = load;
	p->soonest = soonest;
	p->delayed = delayed;
}
