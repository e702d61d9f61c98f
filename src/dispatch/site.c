/*
 * The run of one site: site_private.h describes a step. Nothing here can fail: what fails in
 * health, queue or outgoing decides there when it is tried again.
 */
#include "dispatch/site_private.h"

static bool
is_paused(const struct site *s)
{
	return atomic_load(&s->control->paused);
}

/* Whether the dispatcher and the operators permit requests. A pause is
 * silent: heartbeats stop, too, so that nobody pays for the link. */
static bool
is_working(const struct site *s)
{
	return context_is_sending(s->ctx) && !is_paused(s) && s->reload == NULL;
}

/* A flush also ends delays of events, so other events may be due. */
static void
obey_control(struct site *s, int64_t now)
{
	if (!atomic_exchange(&s->control->retry_now, false))
		return;
	health_retry(&s->health, now);
	queue_flush(&s->queue);
}

/* Records what was decided, and begins an attempt if there is a batch for one. Returns whether one
 * was begun, so that another one may be possible. */
static bool
begin(struct site *s, int64_t now)
{
	bool ready = is_working(s) && outgoing_begin_next(&s->outgoing, now) <= now
		     && queue_prepare(&s->queue, now);

	/* Here, because one commit then stores both. */
	outgoing_record(&s->outgoing, now);
	if (ready)
		outgoing_begin(&s->outgoing);
	return ready;
}

/* Whether to prepare a part of the next batch while requests are in flight. A step that sent a
 * request prepares nothing: sending has priority. */
static bool
may_prepare(const struct site *s, int64_t now)
{
	return is_working(s) && outgoing_may_prepare(&s->outgoing, now);
}

void
site_run(struct site *s, int64_t now)
{
	if (context_is_sending(s->ctx))
		health_announce(&s->health);
	site_follow_reload(s, now);
	obey_control(s, now);
	if (!is_working(s) || health_next(&s->health) > now)
		queue_drop(&s->queue);
	while (begin(s, now))
		;
	if (may_prepare(s, now) && !s->ctx->sent)
		queue_prepare_step(&s->queue, now);
	if (context_is_sending(s->ctx))
		queue_settle_unfit(&s->queue, now);
	if (is_working(s))
		outgoing_beat(&s->outgoing, now);
}

/* ---- sleeping ------------------------------------------------------------------------------- */

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Returns when a working site can send something. */
static int64_t
work_next(const struct site *s, int64_t now)
{
	int64_t begin = later(outgoing_begin_next(&s->outgoing, now), queue_next(&s->queue));

	/* Preparing goes on in the next step, so that a request can be sent first. */
	if (queue_must_look(&s->queue) && (s->ctx->sent || may_prepare(s, now)))
		return now;
	return sooner(begin, outgoing_beat_next(&s->outgoing, now));
}

int64_t
site_sleep(const struct site *s, int64_t now)
{
	int64_t at = outgoing_record_next(&s->outgoing);

	if (context_is_sending(s->ctx))
		at = sooner(at, queue_settle_next(&s->queue));
	if (is_working(s))
		at = sooner(at, work_next(s, now));
	if (at == CONTEXT_NEVER)
		return -1;
	return at > now ? at - now : 0;
}

bool
site_is_quiet(const struct site *s)
{
	return outgoing_is_quiet(&s->outgoing) && s->queue.prepared.members.n == 0
	       && !queue_is_settling(&s->queue) && !health_is_announcing(&s->health);
}
