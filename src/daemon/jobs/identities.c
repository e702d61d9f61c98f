/*
 * Makes the outbox give up on events that have awaited an address for longer than identity_wait: at
 * least once a minute, more often when a site's identity_wait is short, and at once after a reload.
 * Each message carries the sites' settings, so that the outbox always uses the present ones.
 */
#include "daemon/jobs/identities.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/job.h"
#include "daemon/wiring.h"

#define EVERY_MAX_MS 60000 /* the longest time between two runs */
#define EVERY_SHARE 20     /* runs are at most 1/20 of the shortest identity_wait apart */
#define WARN_EVERY_MS 3600000

struct identities {
	struct outbox *outbox;
	const struct clock *clock;
	const struct clock_history *history;
	struct identity_site *sites; /* the sites of the message with the writer */
	struct outbox_unresolved msg;
	int64_t n_given_up;          /* events in this run */
	const struct config *config; /* set during a tick */
	const int64_t *site_ids;
	struct job job;
	struct log_limit warned;
};

void
identities_limits(const struct config_site *site, int64_t site_id,
    const struct clock_history *history, struct identity_site *ret)
{
	int64_t limit;

	wiring_identity(site, site_id, ret);
	ret->give_up_from = 0;
	ret->give_up_before = INT64_MAX;
	if (!ret->waits)
		return;
	limit = age_limit(history, site->identity_wait);
	ret->give_up_from = AGE_FLOOR;
	ret->give_up_before = limit == AGE_NONE ? 0 : limit;
}

static struct identity_site *
limits_of_all(const struct identities *s, const struct config *c, const int64_t *site_ids)
{
	struct identity_site *sites = calloc(c->n_sites > 0 ? c->n_sites : 1, sizeof(*sites));

	for (size_t i = 0; sites != NULL && i < c->n_sites; i++)
		identities_limits(&c->sites[i], site_ids[i], s->history, &sites[i]);
	return sites;
}

int
identities_start(
    struct identities *s, const struct config *c, const int64_t *site_ids, struct err *e)
{
	struct identity_site *sites = limits_of_all(s, c, site_ids);
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	rc = outbox_identities(s->outbox, sites, c->n_sites, e);
	free(sites);
	return rc;
}

/* Without memory, the next tick tries again. */
static struct outbox_msg *
begin(void *owner)
{
	struct identities *s = owner;
	struct identity_site *sites = limits_of_all(s, s->config, s->site_ids);

	if (sites == NULL)
		return NULL;
	free(s->sites);
	s->sites = sites;
	s->msg = (struct outbox_unresolved){
		.msg = { .type = OUTBOX_UNRESOLVED },
		.sites = sites,
		.n_sites = s->config->n_sites,
	};
	return &s->msg.msg;
}

/* Writer's thread. */
static bool
has_more(void *owner)
{
	struct identities *s = owner;

	s->n_given_up += s->msg.n_given_up;
	return s->msg.more;
}

static int64_t
pause_of(const struct config *c)
{
	int64_t pause = EVERY_MAX_MS;

	for (size_t i = 0; i < c->n_sites; i++)
		if (c->sites[i].identity_wait > 0
		    && c->sites[i].identity_wait / EVERY_SHARE < pause)
			pause = c->sites[i].identity_wait / EVERY_SHARE;
	return pause;
}

static int64_t
end(void *owner)
{
	struct identities *s = owner;
	int64_t now = clock_mono(s->clock);
	unsigned suppressed;

	/* The outbox has reported the full disk. */
	if (s->msg.msg.rc != 0 && s->msg.msg.err.code != ERR_FULL
	    && log_limit_pass(&s->warned, now, WARN_EVERY_MS, &suppressed))
		log_warn("cannot mark events that await an identity as invalid: %s",
		    s->msg.msg.err.text);
	if (s->n_given_up > 0)
		log_info("%lld event%s became invalid: no identify call gave an address within "
			 "identity_wait",
		    (long long)s->n_given_up, words_plural(s->n_given_up));
	s->n_given_up = 0;
	return pause_of(s->config);
}

int
identities_new(struct outbox *outbox, const struct clock *clock,
    const struct clock_history *history, struct identities **ret_identities, struct err *e)
{
	static const struct job_kind kind = { "identities", begin, has_more, end };
	struct identities *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	if (job_init(&s->job, &kind, s, outbox, clock, 0, e) != 0) {
		free(s);
		return -1;
	}
	s->outbox = outbox;
	s->clock = clock;
	s->history = history;
	*ret_identities = s;
	return 0;
}

void
identities_free(struct identities *s)
{
	if (s == NULL)
		return;
	job_free(&s->job);
	free(s->sites);
	free(s);
}

void
identities_reload(struct identities *s)
{
	job_restart(&s->job);
}

void
identities_tick(struct identities *s, const struct config *c, const int64_t *site_ids)
{
	s->config = c;
	s->site_ids = site_ids;
	job_tick(&s->job);
}
