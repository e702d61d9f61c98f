#include "daemon/jobs/erasures.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/steps.h"
#include "outbox/operate/erase.h"

#define AGAIN_MS 60000 /* after one that failed */

struct erasures {
	struct outbox *outbox;
	const struct clock *clock;
	struct outbox_erase erase;
	uint64_t seen;     /* the outbox's count when none was left, at least */
	uint64_t starting; /* and before the one under way began */
	struct steps steps;
	int64_t next_ms; /* mono */
};

/* Writer's thread. */
static bool
has_more(void *arg)
{
	const struct erasures *s = arg;

	return s->erase.more;
}

int
erasures_new(
    struct outbox *outbox, const struct clock *clock, struct erasures **ret_erasures, struct err *e)
{
	struct erasures *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	if (steps_init(&s->steps, outbox, has_more, s, e) != 0) {
		free(s);
		return -1;
	}
	s->outbox = outbox;
	s->clock = clock;
	s->seen = UINT64_MAX; /* an earlier process may have left some */
	*ret_erasures = s;
	return 0;
}

void
erasures_free(struct erasures *s)
{
	if (s == NULL)
		return;
	steps_free(&s->steps);
	free(s);
}

static uint64_t
count_asked(const struct erasures *s)
{
	struct outbox_counters n;

	outbox_counters(s->outbox, &n);
	return n.erasures;
}

static void
start_one(struct erasures *s)
{
	s->starting = count_asked(s);
	s->erase = (struct outbox_erase){
		.msg = { .type = OUTBOX_ERASE },
		.actor = "delete call",
	};
	if (!steps_start(&s->steps, &s->erase.msg))
		s->next_ms = INT64_MAX; /* the outbox is stopping */
}

/* The next one follows at once: that there is none ends it. */
static void
end_one(struct erasures *s)
{
	const struct outbox_erase *erase = &s->erase;

	if (erase->msg.rc != 0) {
		log_warn("an erasure that a delete call asked for waits: %s", erase->msg.err.text);
		s->next_ms = clock_mono(s->clock) + AGAIN_MS;
		return;
	}
	if (erase->none) {
		s->seen = s->starting;
		return;
	}
	log_info("a delete call: erased a person from %lld event%s", (long long)erase->n_events,
	    words_plural(erase->n_events));
	start_one(s);
}

void
erasures_tick(struct erasures *s)
{
	switch (steps_tick(&s->steps, true)) {
	case STEPS_IDLE:
		if (s->seen != count_asked(s) && clock_mono(s->clock) >= s->next_ms)
			start_one(s);
		return;
	case STEPS_ENDED:
		end_one(s);
		return;
	case STEPS_STOPPED:
		s->next_ms = INT64_MAX;
		return;
	case STEPS_BUSY:
		return;
	}
}
