#include "daemon/jobs/steps.h"

/* On the writer's thread: the next slice follows at once, as long as this second has some left. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct steps *s = arg;

	s->unfinished = msg->rc == 0 && s->more(s->arg);
	if (s->unfinished && --s->left > 0 && outbox_send(s->outbox, msg) == 0)
		return;
	mailbox_push_always(&s->done, &msg->mail);
}

int
steps_init(
    struct steps *s, struct outbox *outbox, bool (*more)(void *arg), void *arg, struct err *e)
{
	*s = (struct steps){ .outbox = outbox, .more = more, .arg = arg };
	return mailbox_init(&s->done, 1, 1, NULL, NULL, e);
}

void
steps_free(struct steps *s)
{
	mailbox_take(&s->done);
	mailbox_free(&s->done);
}

static bool
send(struct steps *s)
{
	s->left = STEPS_A_SECOND;
	s->msg->rc = 0;
	s->msg->err.code = ERR_NONE;
	s->under_way = outbox_send(s->outbox, s->msg) == 0;
	return s->under_way;
}

bool
steps_start(struct steps *s, struct outbox_msg *msg)
{
	s->msg = msg;
	msg->done = on_done;
	msg->done_arg = s;
	return send(s);
}

enum steps_state
steps_tick(struct steps *s, bool go_on)
{
	if (!s->under_way)
		return STEPS_IDLE;
	if (mailbox_take(&s->done) == NULL)
		return STEPS_BUSY;
	s->under_way = false;
	if (!s->unfinished || !go_on)
		return STEPS_ENDED;
	return send(s) ? STEPS_BUSY : STEPS_STOPPED;
}
