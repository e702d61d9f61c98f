/*
 * Corrects provisional times once the clock is set. One run goes through all present events. A run
 * that failed is repeated after a second, from the event at which it stopped.
 */
#include "daemon/jobs/corrections.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/job.h"
#include "outbox/write/corrections.h"

#define AGAIN_MS 1000 /* after a failed run */
#define WARN_EVERY_MS 60000

struct corrections {
	const struct clock *clock;
	struct outbox_correction msg;
	int64_t n_corrected;
	bool wanted;
	struct job job;
	struct log_limit warned;
};

static struct outbox_msg *
begin(void *owner)
{
	struct corrections *s = owner;

	return s->wanted ? &s->msg.msg : NULL;
}

/* Writer's thread. */
static bool
has_more(void *owner)
{
	struct corrections *s = owner;

	s->n_corrected += s->msg.n_corrected;
	return s->msg.more;
}

static int64_t
end(void *owner)
{
	struct corrections *s = owner;
	unsigned suppressed;

	if (s->msg.msg.rc != 0) {
		if (log_limit_pass(&s->warned, clock_mono(s->clock), WARN_EVERY_MS, &suppressed))
			log_warn("cannot correct the times of events: %s", s->msg.msg.err.text);
		return AGAIN_MS;
	}
	s->wanted = false;
	log_info("the times of %lld event%s are corrected: delivery goes on",
	    (long long)s->n_corrected, words_plural(s->n_corrected));
	return 0;
}

int
corrections_new(struct outbox *outbox, const struct clock *clock,
    struct corrections **ret_corrections, struct err *e)
{
	static const struct job_kind kind = { "corrections", begin, has_more, end };
	struct corrections *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	if (job_init(&s->job, &kind, s, outbox, clock, 0, e) != 0) {
		free(s);
		return -1;
	}
	s->clock = clock;
	*ret_corrections = s;
	return 0;
}

void
corrections_free(struct corrections *s)
{
	if (s == NULL)
		return;
	job_free(&s->job);
	free(s);
}

void
corrections_begin(struct corrections *s, int64_t shift)
{
	s->msg = (struct outbox_correction){
		.msg = { .type = OUTBOX_CORRECTION },
		.shift = shift,
	};
	s->n_corrected = 0;
	s->wanted = true;
	corrections_tick(s);
}

void
corrections_tick(struct corrections *s)
{
	job_tick(&s->job);
}

bool
corrections_are_done(const struct corrections *s)
{
	return !s->wanted;
}
