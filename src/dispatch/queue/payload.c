/*
 * The payload of a request, in one buffer. Normal path: payload_offer appends the head or a comma,
 * and the event; payload_keep counts their bytes; payload_end adds the tail. An offer can fail for
 * lack of room or memory; the tail cannot, because each offer reserves room for it.
 */
#include "dispatch/queue/payload.h"

#include <string.h>

#define TAIL_SIZE (sizeof(BENTO_BATCH_TAIL) - 1)

void
payload_free(struct payload *p)
{
	buf_free(&p->text);
}

void
payload_clear(struct payload *p)
{
	p->kept = 0;
}

/* Replaces the head, which the first event decides by its endpoint. Moves the event's text when the
 * new head has another length. */
static void
set_head(struct buf *text, struct slice old, struct slice head)
{
	size_t events = text->n - old.n;

	memmove(text->p + head.n, text->p + old.n, events);
	memcpy(text->p, head.p, head.n);
	text->n = head.n + events;
}

struct composed
payload_offer(struct payload *p, const struct composer *composer,
    const struct mapping_options *mapping, const struct outbox_event *event)
{
	struct buf *text = &p->text;
	struct slice usual = bento_batch_head(BENTO_EVENTS), head;
	bool first = p->kept == 0;
	struct composed composed;
	size_t growth;

	text->max = PAYLOAD_MAX;
	buf_truncate(text, p->kept);
	buf_append_slice(text, first ? usual : SLICE(","));
	composed = composer->compose(mapping, event, text);
	head = bento_batch_head(composed.endpoint);
	growth = first && head.n > usual.n ? head.n - usual.n : 0;
	if (composed.how == COMPOSED && buf_reserve(text, growth + TAIL_SIZE) == NULL)
		composed.how = COMPOSED_NO_ROOM;
	if (composed.how == COMPOSED && first)
		set_head(text, usual, head);
	p->offered = text->n + TAIL_SIZE;
	return composed;
}

void
payload_keep(struct payload *p)
{
	p->kept = p->offered - TAIL_SIZE;
}

size_t
payload_size(const struct payload *p)
{
	return p->kept + TAIL_SIZE;
}

struct slice
payload_end(struct payload *p)
{
	buf_truncate(&p->text, p->kept);
	buf_append_literal(&p->text, BENTO_BATCH_TAIL);
	return buf_slice(&p->text);
}
