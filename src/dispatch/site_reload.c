/*
 * The settings of one site, from its start to its end. A reload waits until no request borrows the
 * old settings. Without memory the reload fails, and the site keeps the old ones.
 */
#include "dispatch/site_private.h"

#include <stdlib.h>

/* Prepares the new settings. After a failure the site keeps the old ones. */
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

/* ---- reload --------------------------------------------------------------------------------- */

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

/* What the site has learned about Bento stays. */
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

void
site_follow_reload(struct site *s, int64_t now)
{
	if (s->reload == NULL)
		return;
	queue_drop(&s->queue);
	if (site_is_quiet(s))
		use_reload(s, now);
}
