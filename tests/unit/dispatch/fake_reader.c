/* The reader of the fake outbox. */
#include <stdio.h>
#include <stdlib.h>

#include "unit/dispatch/fake_outbox.h"

struct outbox_reader {
	struct fake_outbox *f;
	int64_t site_id;
	int64_t now;
	int64_t horizon;
	int64_t fresh_after;
	int64_t at; /* the id looked at last */
	char message_id[32];
	char email[64];
};

int
outbox_reader_open(const char *path, struct outbox_reader **ret_reader, struct err *e)
{
	struct outbox_reader *r;

	(void)path;
	if (fake_outbox_current == NULL)
		return err_set(e, ERR_NOTFOUND, "no outbox");
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return err_nomem(e);
	r->f = fake_outbox_current;
	*ret_reader = r;
	return 0;
}

void
outbox_reader_close(struct outbox_reader *r)
{
	free(r);
}

int
outbox_due_begin(struct outbox_reader *r, int64_t site_id, int64_t now, int64_t horizon,
    int64_t after, int64_t fresh_after, struct err *e)
{
	struct fake_outbox *f = r->f;

	if (f->reading)
		snprintf(f->broken, sizeof(f->broken), "an old view of the outbox is read");
	if (f->unreadable)
		return err_set(e, ERR_SYSTEM, "made unreadable");
	pthread_mutex_lock(&f->mutex);
	while (f->settled < f->n_events && f->events[f->settled].status != STATUS_PENDING)
		f->settled++;
	r->at = after > (int64_t)f->settled ? after : (int64_t)f->settled;
	r->site_id = site_id;
	r->now = now;
	r->horizon = horizon;
	r->fresh_after = fresh_after;
	pthread_mutex_unlock(&f->mutex);
	return 0;
}

int
outbox_due_next(struct outbox_reader *r, int64_t *ret_event_id, struct err *e)
{
	struct fake_outbox *f = r->f;
	int found = 0;

	(void)e;
	pthread_mutex_lock(&f->mutex);
	while (found == 0 && (size_t)r->at < f->n_events) {
		const struct fake_event *event = &f->events[r->at++];

		if (event->site_id == r->site_id && event->status == STATUS_PENDING
		    && (event->next_attempt_at != 0 || r->at > r->fresh_after)
		    && (event->next_attempt_at <= r->now || event->next_attempt_at > r->horizon)) {
			*ret_event_id = r->at;
			found = 1;
		}
	}
	pthread_mutex_unlock(&f->mutex);
	return found;
}

void
outbox_event_done(struct outbox_reader *r)
{
	r->f->reading = false;
}

void
outbox_due_end(struct outbox_reader *r)
{
	outbox_event_done(r);
	r->site_id = 0;
}

int
outbox_due_soonest(struct outbox_reader *r, int64_t site_id, int64_t *ret_at, struct err *e)
{
	struct fake_outbox *f = r->f;
	int64_t soonest = 0;
	bool any = false;

	(void)e;
	pthread_mutex_lock(&f->mutex);
	for (size_t i = f->settled; i < f->n_events; i++) {
		const struct fake_event *event = &f->events[i];

		if (event->site_id != site_id || event->status != STATUS_PENDING
		    || event->next_attempt_at == 0)
			continue;
		if (!any || event->next_attempt_at < soonest)
			soonest = event->next_attempt_at;
		any = true;
	}
	pthread_mutex_unlock(&f->mutex);
	*ret_at = soonest;
	return 0;
}

static struct slice
address_of(struct outbox_reader *r, const struct fake_event *event, int64_t id)
{
	if (event->email != NULL)
		return slice_from(event->email);
	snprintf(r->email, sizeof(r->email), "a%lld@example.com", (long long)id);
	return slice_from(r->email);
}

int
outbox_due_delayed(struct outbox_reader *r, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e)
{
	struct fake_outbox *f = r->f;

	(void)e;
	pthread_mutex_lock(&f->mutex);
	for (size_t i = f->settled; i < f->n_events; i++) {
		const struct fake_event *event = &f->events[i];

		if (event->site_id == site_id && event->status == STATUS_PENDING
		    && event->next_attempt_at > 0)
			each(arg, (int64_t)i + 1, address_of(r, event, (int64_t)i + 1));
	}
	pthread_mutex_unlock(&f->mutex);
	return 0;
}

int
outbox_event_load(
    struct outbox_reader *r, int64_t event_id, struct outbox_event *ret_event, struct err *e)
{
	const struct fake_event *event;

	(void)e;
	pthread_mutex_lock(&r->f->mutex);
	event = fake_outbox_event(r->f, event_id);
	r->f->loads++;
	r->f->reading = true;
	snprintf(r->message_id, sizeof(r->message_id), "m%lld", (long long)event_id);
	*ret_event = (struct outbox_event){
		.event_id = event_id,
		.site_id = event->site_id,
		.message_id = slice_from(r->message_id),
		.kind = KIND_TRACK,
		.name = SLICE("Tested"),
		.email = address_of(r, event, event_id),
		.received_at = event->received_at,
		.max_batch = event->max_batch,
		.body = slice_from(event->body),
		.status = event->status,
		.attempts = event->attempts,
		.maybe_sent = event->maybe_sent,
	};
	pthread_mutex_unlock(&r->f->mutex);
	return 1;
}
