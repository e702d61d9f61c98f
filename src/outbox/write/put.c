/* The message that stores events. */
#include "outbox/write/put.h"

#include <string.h>

#include "outbox/message_kind.h"
#include "outbox/meters.h"
#include "outbox/write/store.h"

void
put_note_claim(struct outbox_put *put, const struct segment_event *event)
{
	const struct segment_origin *origin = put_origin(put, event);

	if (origin == NULL || origin->claimed_at <= put->received_at)
		return;
	if (put->claimed_to == 0 || origin->claimed_at < put->claimed_from)
		put->claimed_from = origin->claimed_at;
	if (origin->claimed_at > put->claimed_to)
		put->claimed_to = origin->claimed_at;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_put *put = (struct outbox_put *)msg;

	memset(put->stored_kinds, 0, sizeof(put->stored_kinds));
	return store_events(t, put, e);
}

static void
meter(struct meters *m, const struct outbox_msg *msg)
{
	const struct outbox_put *put = (const struct outbox_put *)msg;
	struct meters_site *site = meters_site(m, put->site_id);

	for (size_t i = 0; i < KIND_COUNT; i++)
		meters_add(&site->received[i], put->stored_kinds[i]);
}

const struct message_kind outbox_put_kind = {
	.name = "put",
	.apply = apply,
	.meter = meter,
	.events_at = offsetof(struct outbox_put, n_events),
	.space = SPACE_STORE,
	.bounded = true,
};
