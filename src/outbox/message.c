/* The table of the kinds of messages. */
#include "outbox/message.h"

#include "outbox/message_kind.h"

#define ROW(type, tag) [OUTBOX_##type] = &outbox_##tag##_kind,

static const struct message_kind *const kinds[OUTBOX_MSG_TYPES] = { OUTBOX_MESSAGES(ROW) };

const struct message_kind *
message_kind(const struct outbox_msg *msg)
{
	return kinds[msg->type];
}

size_t
message_events(const struct outbox_msg *msg)
{
	const struct message_kind *kind = message_kind(msg);

	if (kind->events_at == 0)
		return kind->events;
	return *(const size_t *)(const void *)((const char *)msg + kind->events_at);
}

void
transaction_add_resolved(struct transaction *t, int64_t n)
{
	t->resolved += (size_t)n;
	t->due = t->due || n > 0;
	t->changed = t->changed || n > 0;
}
