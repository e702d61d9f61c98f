#include "dispatch/batch.h"

#include <stdlib.h>

#include "event/bento.h"

#define TAIL_SIZE (sizeof(BENTO_BATCH_TAIL) - 1)
/* What mapping adds to an event at most: names of keys, the date, escapes in name and address. */
#define MAPPING_MARGIN 16384
/* So many unfit events that cannot be taken now may be passed over in one go. */
#define PASSED_OVER_MAX 1024

enum take { TAKE_NEXT, TAKE_ENOUGH, TAKE_ERROR };

int
batch_init(struct batch *b, size_t max_events, size_t max_bytes, struct err *e)
{
	*b = (struct batch){ .max_events = max_events, .max_bytes = max_bytes };
	buf_init(&b->body, BATCH_BODY_MAX);
	b->ids = calloc(max_events, sizeof(*b->ids));
	return b->ids == NULL ? err_nomem(e) : 0;
}

void
batch_free(struct batch *b)
{
	free(b->ids);
	buf_free(&b->body);
	*b = (struct batch){ .ids = NULL };
}

void
batch_clear(struct batch *b)
{
	b->n = 0;
	b->full = false;
	b->n_maybe_sent = 0;
	buf_clear(&b->body);
}

void
batch_close(struct batch *b)
{
	buf_append_literal(&b->body, BENTO_BATCH_TAIL);
	b->full = true;
}

/* Whether the list had room; otherwise the event stays due and is found again. */
static bool
unfit_add(struct batch_unfit *u, int64_t id, const char *reason)
{
	if (u->locked || u->n == BATCH_UNFIT_MAX || (u->n > 0 && u->ids[u->n - 1] >= id)
	    || (u->reason != NULL && u->reason != reason))
		return false;
	u->ids[u->n++] = id;
	u->reason = reason;
	return true;
}

/* Appends the event with its comma; on failure the body is as it was. */
static int
append_event(struct batch *b, const struct outbox_event *event, const struct mapping_options *o,
    const char **ret_reason)
{
	struct mapping_input in = {
		.body = event->body,
		.context = event->context,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at,
		.kind = event->kind,
	};
	size_t before = b->body.n;

	if (before == 0)
		buf_append_literal(&b->body, BENTO_BATCH_HEAD);
	else
		buf_append_byte(&b->body, ',');
	/* Closing must not fail later: the tail's room is made sure of now. */
	if (mapping_append(o, &in, &b->body, ret_reason) == 0
	    && buf_reserve(&b->body, TAIL_SIZE) != NULL)
		return 0;
	buf_truncate(&b->body, before);
	return -1;
}

/* Why an event cannot travel, or NULL with -1: no memory now. */
static const char *
unfit_reason(const struct outbox_event *event, const char *reason)
{
	if (reason == NULL && event->body.n > BATCH_BODY_MAX - MAPPING_MARGIN)
		return "too_large";
	return reason;
}

static enum take
take_event(struct batch *b, const struct outbox_event *event, const struct batch_source *source,
    size_t *passed_over, struct err *e)
{
	const char *reason = event->body.p == NULL ? "body_removed" : NULL;
	size_t before = b->body.n;

	if (reason == NULL && append_event(b, event, source->mapping, &reason) == 0) {
		if (b->n > 0 && b->body.n + TAIL_SIZE > b->max_bytes) {
			buf_truncate(&b->body, before);
			b->full = true;
			return TAKE_ENOUGH;
		}
		b->ids[b->n++] = event->event_id;
		b->n_maybe_sent += event->maybe_sent > 0;
		b->full = b->n == b->max_events || b->body.n + TAIL_SIZE >= b->max_bytes;
		return b->full ? TAKE_ENOUGH : TAKE_NEXT;
	}
	reason = unfit_reason(event, reason);
	if (reason == NULL && b->n > 0) {
		b->full = true;
		return TAKE_ENOUGH;
	}
	if (reason == NULL) {
		err_nomem(e);
		return TAKE_ERROR;
	}
	if (!unfit_add(source->unfit, event->event_id, reason))
		++*passed_over;
	return *passed_over < PASSED_OVER_MAX ? TAKE_NEXT : TAKE_ENOUGH;
}

static enum take
take_id(struct batch *b, int64_t id, const struct batch_source *source, size_t *passed_over,
    struct err *e)
{
	struct outbox_event event;
	int found;

	if (inflight_has(source->taken, id) || (b->n > 0 && id <= b->ids[b->n - 1]))
		return TAKE_NEXT;
	found = outbox_event_load(source->reader, id, &event, e);
	if (found < 0)
		return TAKE_ERROR;
	return found == 0 ? TAKE_NEXT : take_event(b, &event, source, passed_over, e);
}

static int
take_due(struct batch *b, const struct batch_source *source, struct err *e)
{
	enum take take = TAKE_NEXT;
	size_t passed_over = 0;
	int64_t id;
	int more = 1;

	while (take == TAKE_NEXT && (more = outbox_due_next(source->reader, &id, e)) == 1)
		take = take_id(b, id, source, &passed_over, e);
	return more < 0 || take == TAKE_ERROR ? -1 : 0;
}

int
batch_fill(struct batch *b, const struct batch_source *source, struct err *e)
{
	int64_t after = b->n == 0 ? 0 : b->ids[b->n - 1];
	int rc;

	if (b->full)
		return 0;
	if (outbox_due_begin(source->reader, source->site_id, source->now, after, e) != 0)
		return -1;
	rc = take_due(b, source, e);
	outbox_due_end(source->reader);
	return rc;
}
