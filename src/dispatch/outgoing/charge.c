/*
 * Splits or charges the suspects. Normal path: charge_suspects decides, charge_record sends the
 * decision to the writer, recorded() frees the events. A decision that the writer cannot store at
 * present is sent again; after an I/O error the decision is given up, because no request is sent
 * any more.
 */
#include "dispatch/outgoing/charge.h"

#include "base/clock.h"
#include "dispatch/health/backoff.h"

static void recorded(void *owner);

void
charge_init(
    struct charge *c, struct dispatch_context *ctx, struct health *health, struct queue *queue)
{
	*c = (struct charge){ .ctx = ctx, .health = health, .queue = queue };
}

/* Charges a single event that was set apart before: it is delayed, or fails. */
static void
charge_alone(struct charge *c, const struct members *m)
{
	const struct dispatch_site_options *o = &c->health->settings->options;
	unsigned charged = (unsigned)m->charged + 1;

	c->settle.charge = true;
	if (o->max_attempts > 0 && charged >= o->max_attempts) {
		c->settle.status = STATUS_FAILED;
		c->settle.reason = "attempts_exhausted";
		return;
	}
	c->settle.next_attempt_at =
	    clock_wall(c->ctx->clock)
	    + backoff_wait(charged, o->retry_first_ms, o->retry_max_ms, &c->ctx->chance);
}

void
charge_suspects(struct charge *c, int64_t now)
{
	const struct members *m = &c->health->suspects.members;

	/* The events are still taken, because the end of their last attempt is not recorded yet
	 * (the disk may be full): no decision is made this time. */
	if (!queue_take(c->queue, m)) {
		suspects_settled(&c->health->suspects);
		return;
	}
	c->settle = (struct outbox_settle){
		.msg.type = OUTBOX_SETTLE,
		.event_ids = m->ids,
		.n_events = m->n,
		.status = STATUS_PENDING,
		.max_batch = members_half(m),
	};
	if (m->n == 1 && m->group == 1)
		charge_alone(c, m);
	c->open = true;
	c->errand = (struct errand){ .back = recorded, .owner = c, .not_before_ms = now };
}

void
charge_record(struct charge *c, int64_t now)
{
	if (!c->open || !errand_is_due(&c->errand, now))
		return;
	c->settle.msg = (struct outbox_msg){ .type = OUTBOX_SETTLE };
	c->open = context_send(c->ctx, &c->settle.msg, &c->errand) == 0;
}

/* The writer returned the decision. */
static void
recorded(void *owner)
{
	struct charge *c = owner;
	struct suspects *u = &c->health->suspects;
	const struct members *m = &u->members;
	const struct outbox_msg *msg = &c->settle.msg;

	if (msg->rc != 0 && msg->err.code != ERR_IO)
		return;
	if (msg->rc == 0 && c->settle.next_attempt_at > 0)
		queue_delay(c->queue, m->addresses[0], m->ids[0]);
	queue_give_back(c->queue, m, true);
	suspects_settled(u);
	c->open = false;
}

int64_t
charge_next(const struct charge *c)
{
	return c->open && !c->errand.with_writer ? c->errand.not_before_ms : CONTEXT_NEVER;
}
