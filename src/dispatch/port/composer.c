/*
 * Composes events by event/mapping. Fails for an event that can never be sent, and when the buffer
 * has no room.
 */
#include "dispatch/port/composer.h"

static struct mapping_input
input_of(const struct outbox_event *event)
{
	return (struct mapping_input){
		.body = event->body,
		.context = event->context,
		.browser = event->browser,
		.batch_integrations = event->integrations,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at,
		.received_at = event->received_at,
		.maybe_sent = event->maybe_sent > 0,
		.kind = event->kind,
	};
}

static struct composed
compose(const struct mapping_options *o, const struct outbox_event *event, struct buf *to)
{
	struct mapping_input in = input_of(event);
	struct mapped mapped;
	const char *reason;

	if (mapping_append(o, &in, to, &mapped, &reason) == 0)
		return (struct composed){ .endpoint = mapped.endpoint, .items = mapped.items };
	if (reason == NULL)
		return (struct composed){ .how = COMPOSED_NO_ROOM };
	return (struct composed){
		.how = COMPOSED_NEVER,
		.reason = reason,
		.status = mapping_status(reason),
	};
}

static bool
has_key(const struct mapping_options *o, const struct outbox_event *event)
{
	struct mapping_input in = input_of(event);

	return mapping_has_key(o, &in);
}

const struct composer composer_mapping = { .compose = compose, .has_key = has_key };
