/*
 * The runs of a job. job_tick begins a run when its time has come, and sends the message. The
 * writer calls on_done after each step. It sends the next step at once, up to JOB_STEPS_A_SECOND
 * steps after a tick; then the message waits in the mailbox for the next tick. A failed step ends
 * the run. When the outbox has stopped and refuses the message, the job ends.
 */
#include "daemon/jobs/job.h"

#include "base/log.h"

/* Writer's thread. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct job *j = arg;

	j->unfinished = msg->rc == 0 && j->kind->more(j->owner);
	if (j->unfinished && --j->steps_left > 0 && outbox_send(j->outbox, msg) == 0)
		return;
	mailbox_push_always(&j->done, &msg->mail);
}

int
job_init(struct job *j, const struct job_kind *kind, void *owner, struct outbox *outbox,
    const struct clock *clock, int64_t first_ms, struct err *e)
{
	*j = (struct job){
		.kind = kind,
		.owner = owner,
		.outbox = outbox,
		.clock = clock,
		.next_ms = clock_mono(clock) + first_ms,
	};
	return mailbox_init(&j->done, 1, 1, NULL, NULL, e);
}

void
job_free(struct job *j)
{
	mailbox_take(&j->done);
	mailbox_free(&j->done);
}

void
job_restart(struct job *j)
{
	j->restart = true;
}

static void
send(struct job *j)
{
	j->steps_left = JOB_STEPS_A_SECOND;
	j->msg->rc = 0;
	j->msg->err.code = ERR_NONE;
	j->running = outbox_send(j->outbox, j->msg) == 0;
	j->stopped = !j->running;
}

static void
begin(struct job *j)
{
	j->msg = j->kind->begin(j->owner);
	if (j->msg == NULL)
		return;
	log_debug("%s: begins", j->kind->name);
	j->restart = false;
	j->msg->done = on_done;
	j->msg->done_arg = j;
	send(j);
}

static void
end(struct job *j)
{
	int64_t pause = j->kind->end(j->owner);

	j->next_ms = clock_mono(j->clock) + pause;
	log_debug("%s: ended, may begin again in %lld ms", j->kind->name, (long long)pause);
}

void
job_tick(struct job *j)
{
	if (j->running) {
		if (mailbox_take(&j->done) == NULL)
			return;
		j->running = false;
		if (j->unfinished && !j->restart) {
			send(j);
			return;
		}
		end(j);
	}
	if (!j->stopped && (j->restart || clock_mono(j->clock) >= j->next_ms))
		begin(j);
}
