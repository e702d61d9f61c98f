/*
 * Events that no request can carry: a bounded list, and the message that settles it. A message that
 * the writer cannot store is sent again when the errand is due.
 */
#include "dispatch/queue/unfit.h"

bool
unfit_add(
    struct unfit *u, int64_t id, const char *reason, const char *detail, enum event_status status)
{
	if (u->errand.with_writer || u->n == UNFIT_MAX || (u->n > 0 && u->ids[u->n - 1] >= id)
	    || (u->n > 0 && (u->reason != reason || u->detail != detail)))
		return false;
	u->ids[u->n++] = id;
	u->reason = reason;
	u->detail = detail;
	u->status = status;
	return true;
}

void
unfit_forget(struct unfit *u)
{
	u->n = 0;
	u->reason = NULL;
}

void
unfit_settle(struct unfit *u, struct dispatch_context *ctx, int64_t now)
{
	if (u->n == 0 || !errand_is_due(&u->errand, now))
		return;
	u->settle = (struct outbox_settle){
		.msg.type = OUTBOX_SETTLE,
		.event_ids = u->ids,
		.n_events = u->n,
		.status = u->status,
		.reason = u->reason,
		.detail = u->detail,
	};
	context_send(ctx, &u->settle.msg, &u->errand);
}
