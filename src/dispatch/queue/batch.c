/*
 * A batch: its members and its payload grow together. Only batch_reserve can fail.
 */
#include "dispatch/queue/batch.h"

int
batch_reserve(struct batch *b, size_t max_events, struct err *e)
{
	return members_reserve(&b->members, max_events, e);
}

void
batch_free(struct batch *b)
{
	members_free(&b->members);
	payload_free(&b->payload);
}

void
batch_clear(struct batch *b)
{
	struct members members = b->members;
	struct payload payload = b->payload;

	members.n = 0;
	members.group = 0;
	payload_clear(&payload);
	*b = (struct batch){ .members = members, .payload = payload, .endpoint = BENTO_EVENTS };
}

bool
batch_goes_elsewhere(const struct batch *b, const struct composed *composed)
{
	return b->members.n > 0 && composed->endpoint != b->endpoint;
}

bool
batch_overflows(
    const struct batch *b, const struct composed *composed, const struct batch_limits *limits)
{
	return b->members.n > 0
	       && (b->payload.offered > limits->bytes
		   || b->n_items + composed->items > limits->items);
}

void
batch_keep(struct batch *b, const struct outbox_event *event, uint64_t address,
    const struct composed *composed, const struct batch_limits *limits)
{
	struct members *m = &b->members;

	if (m->n == 0) {
		b->endpoint = composed->endpoint;
		m->group = event->max_batch;
		m->charged = event->attempts;
	}
	m->addresses[m->n] = address;
	m->received[m->n] = event->received_at;
	m->ids[m->n++] = event->event_id;
	payload_keep(&b->payload);
	b->n_items += composed->items;
	b->n_maybe_sent += event->maybe_sent > 0 ? composed->items : 0;
	b->by_bytes = b->payload.offered >= limits->bytes;
	b->full = b->n_items >= limits->items || (m->group > 0 && m->n >= m->group) || b->by_bytes;
}
