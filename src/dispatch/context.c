/*
 * The shared state of a dispatcher's sites, and its errands: messages to the outbox's writer and
 * back.
 *
 * Normal path: context_send counts the message as owed and sends it; give_back, on the writer's
 * thread, puts it into the mailbox; context_take_mail calls the errand's owner. When the writer
 * could not store a message, this file logs it for every kind of errand; an I/O error stops all
 * sending.
 */
#include "dispatch/context.h"

#define WARN_EVERY_MS 60000

int
context_init(struct dispatch_context *c, void (*wake)(void *), void *wake_arg, struct err *e)
{
	return mailbox_init(&c->returned, 0, 0, wake, wake_arg, e);
}

void
context_free(struct dispatch_context *c)
{
	if (c->outbox != NULL)
		c->outbox->free(c->outbox);
	if (c->transport != NULL)
		c->transport->free(c->transport);
	mailbox_free(&c->returned);
}

void
context_warn(struct dispatch_context *c, struct log_limit *limit, const struct err *e)
{
	unsigned suppressed;

	if (!log_limit_pass(limit, clock_mono(c->clock), WARN_EVERY_MS, &suppressed))
		return;
	if (suppressed > 0)
		log_warn("dispatcher: %s (%u similar messages suppressed)", e->text, suppressed);
	else
		log_warn("dispatcher: %s", e->text);
}

void
context_warn_reading(struct dispatch_context *c, const struct err *e)
{
	context_warn(c, &c->read_limit, e);
}

static void
fail(struct dispatch_context *c, const struct err *e)
{
	if (!c->failed)
		log_error("delivery has stopped, because no attempt can be recorded: %s; "
			  "fix the cause, then restart",
		    e->text);
	c->failed = true;
}

/* ---- clocks --------------------------------------------------------------------------------- */

void
context_look_at_clocks(struct dispatch_context *c)
{
	const struct age_reading now = {
		.boot = c->history.boot != 0 ? c->history.boot : 1,
		.wall = clock_wall(c->clock),
		.mono = clock_mono(c->clock),
		.trust = clock_trust(c->clock),
	};

	age_look(&c->history, &now);
	c->wall_ahead_ms = now.wall - now.mono;
}

void
context_compare_clocks(struct dispatch_context *c, int64_t date, int64_t duration_ms)
{
	int64_t wall = clock_wall(c->clock);
	bool right = date >= wall - duration_ms - AGE_JUMP_MS && date <= wall + AGE_JUMP_MS;

	if (c->on_date != NULL && date != 0)
		c->on_date(c->on_date_arg, right ? 0 : wall - date);
}

/* ---- errands -------------------------------------------------------------------------------- */

/* On the writer's thread. After the push, the message and its errand belong to the dispatcher. */
static void
give_back(struct outbox_msg *msg, void *arg)
{
	struct errand *errand = arg;
	struct dispatch_context *c = errand->ctx;

	mailbox_push_always(&c->returned, &msg->mail);
	atomic_fetch_sub(&c->owed, 1);
}

int
context_send(struct dispatch_context *c, struct outbox_msg *msg, struct errand *errand)
{
	struct err e;

	errand->ctx = c;
	errand->with_writer = true;
	msg->done = give_back;
	msg->done_arg = errand;
	atomic_fetch_add(&c->owed, 1);
	if (c->outbox->send(c->outbox, msg) == 0)
		return 0;
	atomic_fetch_sub(&c->owed, 1);
	errand->with_writer = false;
	err_set(&e, ERR_STATE, "the outbox has stopped");
	fail(c, &e);
	return -1;
}

bool
errand_is_due(const struct errand *errand, int64_t now)
{
	return !errand->with_writer && now >= errand->not_before_ms;
}

static void
note_failure(struct dispatch_context *c, struct errand *errand, const struct err *e)
{
	errand->not_before_ms = clock_mono(c->clock) + CONTEXT_RECORD_AGAIN_MS;
	if (e->code == ERR_IO)
		fail(c, e);
	/* ERR_STATE is not a failure: an operator has changed the events, or the attempt already
	 * has an end. */
	else if (e->code != ERR_STATE)
		context_warn(c, &c->record_limit, e);
}

void
context_take_mail(struct dispatch_context *c)
{
	struct mail *mail = mailbox_take(&c->returned);

	while (mail != NULL) {
		struct outbox_msg *msg = (struct outbox_msg *)(void *)mail;
		struct errand *errand = msg->done_arg;

		mail = mail->next;
		errand->with_writer = false;
		if (msg->rc != 0)
			note_failure(c, errand, &msg->err);
		if (errand->back != NULL)
			errand->back(errand->owner);
	}
}
