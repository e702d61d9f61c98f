#include "cli/erasures.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "cli/words.h"
#include "outbox/erase.h"

#define AGAIN_MS 60000 /* after one that failed */
#define SLICES 20      /* in a second */

struct erasures {
	struct outbox *outbox;
	const struct clock *clock;
	struct outbox_erase erase;
	uint64_t seen;     /* the outbox's count when none was left, at least */
	uint64_t starting; /* and before the one under way began */
	int slices;        /* that this second has left */
	bool under_way;
	int64_t next_ms; /* mono */
	struct mailbox done;
};

/* On the writer's thread: the next slice follows at once, as long as this second has some left. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct erasures *s = arg;

	if (msg->rc == 0 && s->erase.more && --s->slices > 0 && outbox_send(s->outbox, msg) == 0)
		return;
	mailbox_push_always(&s->done, &msg->mail);
}

int
erasures_new(
    struct outbox *outbox, const struct clock *clock, struct erasures **ret_erasures, struct err *e)
{
	struct erasures *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	if (mailbox_init(&s->done, 1, 1, NULL, NULL, e) != 0) {
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
	mailbox_take(&s->done);
	mailbox_free(&s->done);
	free(s);
}

static void
send_slices(struct erasures *s)
{
	s->slices = SLICES;
	s->erase.msg.rc = 0;
	s->erase.msg.err.code = ERR_NONE;
	s->under_way = outbox_send(s->outbox, &s->erase.msg) == 0;
	if (!s->under_way)
		s->next_ms = INT64_MAX; /* the outbox is stopping */
}

static void
start_one(struct erasures *s)
{
	struct outbox_counters n;

	outbox_counters(s->outbox, &n);
	s->starting = n.erasures;
	s->erase = (struct outbox_erase){
		.msg = { .type = OUTBOX_ERASE, .done = on_done, .done_arg = s },
		.actor = "delete call",
	};
	send_slices(s);
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
	struct outbox_counters n;

	if (s->under_way) {
		if (mailbox_take(&s->done) == NULL)
			return;
		s->under_way = false;
		if (s->erase.msg.rc == 0 && s->erase.more)
			send_slices(s);
		else
			end_one(s);
		return;
	}
	outbox_counters(s->outbox, &n);
	if (s->seen != n.erasures && clock_mono(s->clock) >= s->next_ms)
		start_one(s);
}
