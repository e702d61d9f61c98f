/* The message that stores events. */
#include "outbox/write/put.h"

#include "outbox/message_kind.h"
#include "outbox/write/store.h"

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	return store_events(t, (struct outbox_put *)msg, e);
}

const struct message_kind outbox_put_kind = {
	.name = "put",
	.apply = apply,
	.events_at = offsetof(struct outbox_put, n_events),
	.space = SPACE_STORE,
	.bounded = true,
};
