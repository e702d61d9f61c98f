/*
 * Erases the persons whom delete calls name. The outbox counts such calls. A run begins whenever
 * the count has changed, and once after the start for persons that an earlier process left. A run
 * erases one person; the next run follows at once, until one finds nobody. A failed run is repeated
 * after a minute.
 */
#include "daemon/jobs/erasures.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/job.h"
#include "outbox/operate/erase.h"

#define AGAIN_MS 60000 /* after a failed run */

struct erasures {
	struct outbox *outbox;
	struct outbox_erase erase;
	uint64_t none_left_at; /* the outbox's count of delete calls when a run last found nobody */
	uint64_t count;        /* the count before the present run began */
	struct job job;
};

static uint64_t
count_asked(const struct erasures *s)
{
	struct outbox_counters n;

	outbox_counters(s->outbox, &n);
	return n.erasures;
}

static struct outbox_msg *
begin(void *owner)
{
	struct erasures *s = owner;

	s->count = count_asked(s);
	if (s->count == s->none_left_at)
		return NULL;
	s->erase = (struct outbox_erase){
		.msg = { .type = OUTBOX_ERASE },
		.actor = "delete call",
	};
	return &s->erase.msg;
}

/* Writer's thread. */
static bool
has_more(void *owner)
{
	const struct erasures *s = owner;

	return s->erase.more;
}

static int64_t
end(void *owner)
{
	struct erasures *s = owner;
	const struct outbox_erase *erase = &s->erase;

	/* The outbox has reported the full disk; there may be nothing to erase. */
	if (erase->msg.rc != 0 && erase->msg.err.code == ERR_FULL) {
		log_debug("erasures for delete calls wait: %s", erase->msg.err.text);
		return AGAIN_MS;
	}
	if (erase->msg.rc != 0) {
		log_warn(
		    "cannot erase a person whom a delete call names: %s; trying again in a minute",
		    erase->msg.err.text);
		return AGAIN_MS;
	}
	if (erase->none)
		s->none_left_at = s->count;
	else
		log_info("erased a person from %lld event%s for a delete call",
		    (long long)erase->n_events, words_plural(erase->n_events));
	return 0;
}

int
erasures_new(
    struct outbox *outbox, const struct clock *clock, struct erasures **ret_erasures, struct err *e)
{
	static const struct job_kind kind = { "erasures", begin, has_more, end };
	struct erasures *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	if (job_init(&s->job, &kind, s, outbox, clock, 0, e) != 0) {
		free(s);
		return -1;
	}
	s->outbox = outbox;
	s->none_left_at = UINT64_MAX; /* an earlier process may have left persons to erase */
	*ret_erasures = s;
	return 0;
}

void
erasures_free(struct erasures *s)
{
	if (s == NULL)
		return;
	job_free(&s->job);
	free(s);
}

void
erasures_tick(struct erasures *s)
{
	job_tick(&s->job);
}
