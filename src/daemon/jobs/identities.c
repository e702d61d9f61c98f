#include "daemon/jobs/identities.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/steps.h"
#include "daemon/wiring.h"

#define EVERY_MAX_MS 60000 /* between two looks; less when somebody waits for less */
#define EVERY_SHARE 20
#define TELL_EVERY_MS 3600000

struct identities {
	struct outbox *outbox;
	const struct clock *clock;
	const struct age *age;
	struct identity_site *sites; /* of the message under way */
	struct outbox_unresolved msg;
	int64_t n_given_up; /* since the last word of it */
	struct steps steps;
	bool renewed;
	int64_t next_ms; /* mono */
	struct log_limit tell;
};

void
identities_limits(const struct config_site *site, int64_t site_id, const struct age *age,
    int64_t wall, int64_t mono, struct identity_site *ret)
{
	int64_t limit;

	wiring_identity(site, site_id, ret);
	ret->give_up_from = 0;
	ret->give_up_before = INT64_MAX;
	if (!ret->waits)
		return;
	limit = age_limit(age, site->identity_wait, wall, mono);
	ret->give_up_from = AGE_FLOOR;
	ret->give_up_before = limit == AGE_NONE ? 0 : limit;
}

/* Writer's thread. */
static bool
has_more(void *arg)
{
	struct identities *s = arg;

	s->n_given_up += s->msg.n_given_up;
	return s->msg.more;
}

int
identities_new(struct outbox *outbox, const struct clock *clock, const struct age *age,
    struct identities **ret_identities, struct err *e)
{
	struct identities *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	if (steps_init(&s->steps, outbox, has_more, s, e) != 0) {
		free(s);
		return -1;
	}
	s->outbox = outbox;
	s->clock = clock;
	s->age = age;
	*ret_identities = s;
	return 0;
}

void
identities_free(struct identities *s)
{
	if (s == NULL)
		return;
	steps_free(&s->steps);
	free(s->sites);
	free(s);
}

void
identities_reload(struct identities *s)
{
	s->renewed = true;
}

static struct identity_site *
limits_of_all(const struct identities *s, const struct config *c, const int64_t *site_ids)
{
	struct identity_site *sites = calloc(c->n_sites > 0 ? c->n_sites : 1, sizeof(*sites));
	int64_t wall = clock_wall(s->clock), mono = clock_mono(s->clock);

	for (size_t i = 0; sites != NULL && i < c->n_sites; i++)
		identities_limits(&c->sites[i], site_ids[i], s->age, wall, mono, &sites[i]);
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

static void
start(struct identities *s, const struct config *c, const int64_t *site_ids)
{
	struct identity_site *sites = limits_of_all(s, c, site_ids);

	if (sites == NULL)
		return; /* the next second may have the memory */
	free(s->sites);
	s->sites = sites;
	s->renewed = false;
	s->msg = (struct outbox_unresolved){
		.msg = { .type = OUTBOX_UNRESOLVED },
		.sites = sites,
		.n_sites = c->n_sites,
	};
	if (!steps_start(&s->steps, &s->msg.msg))
		s->next_ms = INT64_MAX; /* the outbox is stopping */
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

static void
end(struct identities *s, const struct config *c)
{
	int64_t now = clock_mono(s->clock);
	unsigned suppressed;

	s->next_ms = now + pause_of(c);
	if (s->msg.msg.rc != 0 && log_limit_pass(&s->tell, now, TELL_EVERY_MS, &suppressed))
		log_warn("events that wait for an address: %s", s->msg.msg.err.text);
	if (s->n_given_up > 0)
		log_info("%lld event%s waited for an address in vain", (long long)s->n_given_up,
		    words_plural(s->n_given_up));
	s->n_given_up = 0;
}

void
identities_tick(struct identities *s, const struct config *c, const int64_t *site_ids)
{
	switch (steps_tick(&s->steps, !s->renewed)) {
	case STEPS_BUSY:
		return;
	case STEPS_STOPPED:
		s->next_ms = INT64_MAX;
		return;
	case STEPS_ENDED:
		end(s, c);
		break;
	case STEPS_IDLE:
		break;
	}
	if (s->next_ms != INT64_MAX && (s->renewed || clock_mono(s->clock) >= s->next_ms))
		start(s, c, site_ids);
}
