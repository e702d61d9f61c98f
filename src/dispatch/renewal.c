#include "dispatch/renewal.h"

#include <stdlib.h>

#include "dispatch/dispatcher_private.h"

struct renewal *
renewal_new(const struct dispatch_site_options *options)
{
	struct renewal *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->options = *options;
	shared_hold(options->owner);
	return r;
}

void
renewal_free(struct renewal *r)
{
	if (r == NULL)
		return;
	shared_release(r->options.owner);
	free(r);
}

void
site_take_renewal(struct site *s, struct renewal *r)
{
	renewal_free(s->renewal);
	s->renewal = r;
}

/* A site that was at its full size stays there, whatever that is now. */
static void
keep_breaker(struct breaker *fresh, const struct breaker *old)
{
	fresh->mode = old->mode;
	fresh->why = old->why;
	fresh->open_ms = old->open_ms;
	fresh->not_before_ms = old->not_before_ms;
	fresh->failures = old->failures;
	fresh->throttled = old->throttled;
	fresh->epoch = old->epoch;
	if (old->ramp < old->full && old->ramp < fresh->full)
		fresh->ramp = old->ramp;
}

/* What the running site knows is taken over, but for what failed under the old settings: that says
 * nothing about the events. */
static void
keep(struct site *fresh, const struct site *old)
{
	keep_breaker(&fresh->breaker, &old->breaker);
	fresh->pace.next_ms = old->pace.next_ms;
	if (old->byte_limit < old->batch_bytes && old->byte_limit < fresh->byte_limit)
		fresh->byte_limit = old->byte_limit;
	fresh->state = old->state;
	fresh->news = old->news;
	fresh->announced = old->announced;
	fresh->probe_after = old->probe_after;
	fresh->begin_ms = old->begin_ms;
	fresh->settle_ms = old->settle_ms;
	fresh->word = old->word;
}

static void
renew(struct site *s, const struct dispatch_site_options *options)
{
	struct site fresh;
	struct err e = { .code = ERR_NONE };

	if (site_init(&fresh, s->d, options, &e) != 0) {
		log_error("site %s: goes on with its old settings: %s", s->name, e.text);
		site_free(&fresh);
		return;
	}
	keep(&fresh, s);
	site_free(s);
	*s = fresh;
	for (size_t i = 0; i < s->n_attempts; i++)
		s->attempts[i].site = s;
}

void
site_open_renewal(struct site *s, int64_t now)
{
	struct renewal *r = s->renewal;

	if (r == NULL)
		return;
	site_drop_next(s);
	if (!site_is_quiet(s))
		return;
	s->renewal = NULL;
	renew(s, &r->options);
	renewal_free(r);
	if (s->breaker.why == SITE_PAUSE)
		breaker_retry(&s->breaker, now);
}
