/*
 * Turns the result of a request into a verdict, and the verdict into the next status of the events.
 * Cannot fail: an event that cannot be read counts as one that must not be repeated.
 */
#include "dispatch/outgoing/classify.h"

#include "event/bento/bento.h"

/* ---- may the events be sent again? ---------------------------------------------------------- */

/* Counts the events that have a unique key. */
struct keys {
	const struct health *health;
	size_t n; /* events with a unique key */
};

static bool
count_key(void *arg, const struct outbox_event *event)
{
	struct keys *keys = arg;
	const struct health *h = keys->health;

	if (event->body.p == NULL
	    || !h->ctx->composer->has_key(&h->settings->options.mapping, event))
		return false;
	keys->n++;
	return true;
}

/* Whether all events of the batch can be sent again without a second effect at Bento. Reads the
 * events from the outbox once more, to see whether each has a unique key. */
static bool
is_repeatable(const struct batch *b, const struct health *health)
{
	struct outbox_port *outbox = health->ctx->outbox;
	const struct members *m = &b->members;
	struct keys keys = { .health = health };
	struct err e;

	/* Repeating an upsert changes nothing, and a central spooler stores each call once. */
	if (b->endpoint == BENTO_SUBSCRIBERS || b->endpoint == BENTO_CENTER)
		return true;
	/* A command has no key. */
	return b->endpoint != BENTO_COMMANDS
	       && outbox->load(outbox, m->ids, m->n, count_key, &keys, &e) == 0 && keys.n == m->n;
}

/* ---- the verdict ---------------------------------------------------------------------------- */

void
classify(const struct batch *batch, const struct transport_result *result,
    const struct health *health, struct classified *ret)
{
	const struct dispatch_site_options *o = &health->settings->options;

	ret->facts = (struct verdict_facts){
		.policy = &o->policy,
		.phase = result->phase,
		.http_status = result->http_status,
		.retry_after_ms = result->retry_after_ms,
		.error = result->error,
		.n_events = (unsigned)batch->members.n,
		.n_items = batch->n_items,
		.n_maybe_sent = batch->n_maybe_sent,
		.throttled = health->breaker.throttled,
		.refused = health->refused,
	};
	if (bento_reply_parse(buf_slice(&result->response), &ret->facts.reply) != 0) {
		/* An answer that nobody could read tells no more than a lost one. */
		ret->facts.phase = PHASE_SENDING;
		ret->facts.error = "no memory to read the answer";
	}
	verdict_decide(&ret->facts, &ret->verdict);
	/* Reads the events again only after a partial answer, because no other verdict depends on
	 * their keys. */
	if (ret->verdict.outcome == OUTCOME_PARTIAL && is_repeatable(batch, health)) {
		ret->facts.unique_keys = true;
		verdict_decide(&ret->facts, &ret->verdict);
	}
}

void
classify_explain(const struct classified *c, char *ret_text, size_t size)
{
	const struct verdict_facts *f = &c->facts;
	const char *words = f->phase == PHASE_ANSWERED ? f->reply.message : f->error;

	if (c->verdict.outcome == OUTCOME_DELIVERED)
		words = "";
	bento_text_copy(ret_text, size, slice_from(words));
	if (ret_text[0] == '\0')
		verdict_explain(f, &c->verdict, ret_text, size);
}

/* What each step of a verdict does to the events. */
static const struct effect {
	enum event_status status;
	bool settles; /* the attempt is charged and the reason stored */
	bool splits;  /* the events are sent again in halves */
} effects[] = {
	/* clang-format off */
	[STEP_DELIVERED] = { STATUS_DELIVERED, true,  false },
	[STEP_SPLIT]     = { STATUS_PENDING,   false, true },
	[STEP_FAIL]      = { STATUS_FAILED,    true,  false },
	[STEP_HOLD]      = { STATUS_HELD,      true,  false },
	[STEP_AGAIN]     = { STATUS_PENDING,   false, false },
	/* clang-format on */
};

void
classify_apply(
    const struct classified *c, const struct members *members, struct outbox_attempt_end *end)
{
	const struct effect *effect = &effects[c->verdict.step];

	end->outcome = c->verdict.outcome;
	end->http_status = c->facts.http_status;
	end->event_ids = members->ids;
	end->received = members->received;
	end->n_events = members->n;
	end->status = effect->status;
	end->reason = effect->settles ? c->verdict.reason : NULL;
	end->charge = effect->settles;
	end->maybe_sent = c->verdict.maybe_sent;
	end->max_batch = effect->splits ? members_half(members) : members->group;
}

static bool
is_counted(const struct verdict_facts *f)
{
	return f->reply.shape == BENTO_REPLY_COUNTS;
}

/* Whether Bento's counts cover each event of this attempt exactly once, and nothing that an earlier
 * attempt delivered. */
static bool
is_exact(const struct verdict_facts *f)
{
	return f->n_maybe_sent == 0 && f->n_items == f->n_events && f->reply.results >= 0
	       && f->reply.results + f->reply.failed == f->n_items;
}

struct shown
classify_shown(const struct classified *c)
{
	const struct verdict_facts *f = &c->facts;
	enum verdict_step step = c->verdict.step;
	bool alone = f->n_events == 1 && step != STEP_AGAIN;

	switch (c->verdict.outcome) {
	case OUTCOME_DELIVERED:
		return (struct shown){ .what = is_counted(f) ? SHOWS_TAKEN : SHOWS_DOUBT };
	case OUTCOME_PARTIAL:
		if (step != STEP_SPLIT)
			break;
		return (struct shown){
			.what = SHOWS_SOME,
			.refused = (size_t)f->reply.failed,
			.exact = is_exact(f),
		};
	case OUTCOME_REFUSED:
		return (struct shown){
			.what = alone ? SHOWS_REFUSED : SHOWS_NOTHING,
			.held = alone && step == STEP_HOLD,
		};
	case OUTCOME_NOT_SENT:
	case OUTCOME_RETRY:
		return (struct shown){ .what = SHOWS_NOTHING };
	case OUTCOME_UNKNOWN:
	case OUTCOME_NONE:
		break;
	}
	return (struct shown){ .what = SHOWS_DOUBT };
}
