/*
 * One site: site_run (described in site_private.h), the decision when the next attempt may begin,
 * and the reload. Without memory a reload fails, and the site keeps its old settings.
 */
#include "dispatch/site_private.h"

#include <stdlib.h>

#include "base/clock.h"

/* ---- setup, reload, release ----------------------------------------------------------------- */

/* Makes room for new settings. After a failure the site can go on with the old ones. */
static int
reserve(struct site *s, const struct site_settings *settings, struct err *e)
{
	if (health_reserve(&s->health, settings, e) != 0
	    || queue_reserve(&s->queue, settings, outgoing_attempts(settings), e) != 0)
		return -1;
	return outgoing_reserve(&s->outgoing, settings, e);
}

int
site_init(struct site *s, struct dispatch_context *ctx, struct site_control *control,
    const struct dispatch_site_options *options, struct err *e)
{
	*s = (struct site){ .ctx = ctx, .control = control };
	if (site_settings_init(&s->settings, options, e) != 0)
		return -1;
	health_init(&s->health, ctx, &s->settings);
	queue_init(&s->queue, ctx, &s->settings, &s->health);
	outgoing_init(&s->outgoing, ctx, &s->settings, &s->health, &s->queue);
	if (reserve(s, &s->settings, e) == 0)
		return 0;
	site_free(s);
	return err_wrap(e, "site %s", options->name);
}

void
site_free(struct site *s)
{
	outgoing_free(&s->outgoing);
	queue_free(&s->queue);
	health_free(&s->health);
	site_settings_free(&s->settings);
	site_reload_free(s->reload);
}

struct site_reload *
site_reload_new(const struct dispatch_site_options *options, struct err *e)
{
	struct site_reload *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		err_nomem(e);
		return NULL;
	}
	if (site_settings_init(&r->settings, options, e) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

void
site_reload_free(struct site_reload *r)
{
	if (r == NULL)
		return;
	site_settings_free(&r->settings);
	free(r);
}

void
site_take_reload(struct site *s, struct site_reload *r)
{
	site_reload_free(s->reload);
	s->reload = r;
	health_outdate(&s->health, true);
}

/* Call it when no request is in flight, because requests borrow the old settings. What the site has
 * learned about Bento stays. */
static void
use_reload(struct site *s, int64_t now)
{
	struct site_reload *r = s->reload;
	struct site_settings old = s->settings;
	struct err e = { .code = ERR_NONE };

	s->reload = NULL;
	health_outdate(&s->health, false);
	if (reserve(s, &r->settings, &e) == 0) {
		s->settings = r->settings;
		r->settings = old;
		health_reload(&s->health, &old, now);
		queue_reload(&s->queue);
		outgoing_reload(&s->outgoing);
		log_debug("site %s: uses the new settings", s->settings.options.name);
	} else {
		log_error("site %s: still uses the old settings: %s", old.options.name, e.text);
	}
	site_reload_free(r);
}

/* ---- running -------------------------------------------------------------------------------- */

bool
site_is_quiet(const struct site *s)
{
	return outgoing_is_quiet(&s->outgoing) && s->queue.prepared.members.n == 0
	       && !queue_is_settling(&s->queue) && !health_is_announcing(&s->health);
}

static bool
is_paused(const struct site *s)
{
	return atomic_load(&s->control->paused);
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

/* Returns when the next attempt may begin if there is a batch; a time in the past: at once. */
static int64_t
begin_next(const struct site *s, int64_t now)
{
	if (!context_is_sending(s->ctx) || is_paused(s) || s->reload != NULL)
		return CONTEXT_NEVER;
	return outgoing_begin_next(&s->outgoing, now);
}

/* Whether the next batch may be prepared while requests are in flight. */
static bool
may_prepare(const struct site *s, int64_t now)
{
	return context_is_sending(s->ctx) && !is_paused(s)
	       && outgoing_may_prepare(&s->outgoing, now);
}

/* Returns when the next heartbeat is due. An operator's pause is silent, so that it also stops a
 * link from being paid for. */
static int64_t
beat_next(const struct site *s, int64_t now)
{
	int64_t at = center_next(&s->outgoing.center);

	if (at == CONTEXT_NEVER || !context_is_sending(s->ctx) || is_paused(s) || s->reload != NULL)
		return CONTEXT_NEVER;
	return later(at, outgoing_link_next(&s->outgoing, now));
}

void
site_run(struct site *s, int64_t now)
{
	bool ready;

	if (context_is_sending(s->ctx))
		health_announce(&s->health);
	if (s->reload != NULL)
		queue_drop(&s->queue);
	if (s->reload != NULL && site_is_quiet(s))
		use_reload(s, now);
	obey_control(s, now);
	if (!context_is_sending(s->ctx) || is_paused(s) || health_next(&s->health) > now)
		queue_drop(&s->queue);
	charge_record(&s->outgoing.charge, now);
	do {
		ready = begin_next(s, now) <= now && queue_prepare(&s->queue, now);
		outgoing_record(&s->outgoing, now);
		if (ready)
			outgoing_begin(&s->outgoing);
	} while (ready);
	/* Not in a step that sent a request: sending has priority. */
	if (!s->ctx->sent && may_prepare(s, now))
		queue_prepare_step(&s->queue, now);
	if (context_is_sending(s->ctx))
		queue_settle_unfit(&s->queue, now);
	if (beat_next(s, now) <= now && center_run(&s->outgoing.center, now))
		budget_spend(&s->outgoing.budget, now, 0);
}

int64_t
site_sleep(const struct site *s, int64_t now)
{
	int64_t at = outgoing_record_next(&s->outgoing);

	if (context_is_sending(s->ctx)) {
		at = sooner(at, queue_settle_next(&s->queue));
		at = sooner(at, beat_next(s, now));
		at = sooner(at, later(begin_next(s, now), queue_next(&s->queue)));
		/* Preparing goes on in the next step, so that a request can be sent first. */
		if (queue_must_look(&s->queue) && (s->ctx->sent || may_prepare(s, now)))
			at = now;
	}
	if (at == CONTEXT_NEVER)
		return -1;
	return at > now ? at - now : 0;
}
