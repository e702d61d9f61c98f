/*
 * Fills a batch. Normal path: each due event is loaded, mapped right into the body, and kept when
 * it fits; blocked events, and those for another endpoint, are passed over. An event that no
 * request can carry goes to the unfit list. Reading can fail, and memory can run out: the batch
 * stays whole.
 */
#include "dispatch/queue/batch.h"

#include <string.h>

#include "dispatch/age.h"
#include "event/bento/bento.h"

#define TAIL_SIZE (sizeof(BENTO_BATCH_TAIL) - 1)
/* What mapping adds to an event at most: names of keys, the date, escapes in name and address. */
#define MAPPING_MARGIN 16384

enum take { TAKE_NEXT, TAKE_ENOUGH, TAKE_ERROR };

/* Due events that one filling passed over. */
struct passing {
	size_t n;
	bool run;                   /* so far all of them are blocked */
	struct order_set elsewhere; /* for another endpoint: they block those of their address */
};

int
batch_reserve(struct batch *b, size_t max_events, struct err *e)
{
	if (b->members.max == 0)
		buf_init(&b->body, BATCH_BODY_MAX);
	return members_reserve(&b->members, max_events, e);
}

void
batch_free(struct batch *b)
{
	members_free(&b->members);
	buf_free(&b->body);
}

void
batch_clear(struct batch *b)
{
	struct members members = b->members;
	struct buf body = b->body;

	members.n = 0;
	members.group = 0;
	buf_clear(&body);
	*b = (struct batch){ .members = members, .body = body, .endpoint = BENTO_EVENTS };
}

void
batch_close(struct batch *b)
{
	buf_append_literal(&b->body, BENTO_BATCH_TAIL);
	b->full = true;
}

/* ---- one event ------------------------------------------------------------------------------ */

static const char expired[] = "expired";

static struct mapping_input
input_of(const struct outbox_event *event)
{
	return (struct mapping_input){
		.body = event->body,
		.context = event->context,
		.browser = event->browser,
		.batch_integrations = event->integrations,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at,
		.kind = event->kind,
	};
}

/* The first event decides the endpoint: its text moves when that has another frame. */
static int
set_head(struct buf *body, enum bento_endpoint endpoint)
{
	struct slice old = bento_batch_head(BENTO_EVENTS), head = bento_batch_head(endpoint);
	size_t text = body->n - old.n;

	if (head.n > old.n && buf_reserve(body, head.n - old.n) == NULL)
		return -1;
	memmove(body->p + head.n, body->p + old.n, text);
	memcpy(body->p, head.p, head.n);
	body->n = head.n + text;
	return 0;
}

/* Appends the event with its comma; on failure the body is as it was. */
static int
append_event(struct batch *b, const struct outbox_event *event, const struct mapping_options *o,
    struct mapped *ret_mapped, const char **ret_reason)
{
	struct mapping_input in = input_of(event);
	size_t before = b->body.n;

	if (before == 0)
		buf_append_slice(&b->body, bento_batch_head(BENTO_EVENTS));
	else
		buf_append_byte(&b->body, ',');
	/* Closing must not fail later: the tail has its room from now on. */
	if (mapping_append(o, &in, &b->body, ret_mapped, ret_reason) == 0
	    && (before > 0 || set_head(&b->body, ret_mapped->endpoint) == 0)
	    && buf_reserve(&b->body, TAIL_SIZE) != NULL)
		return 0;
	buf_truncate(&b->body, before);
	return -1;
}

/* Why an event cannot travel whatever the mapping says, or NULL. */
static const char *
find_obstacle(const struct outbox_event *event, const struct batch_source *source)
{
	if (age_is_over(source->expire_before, event->received_at))
		return expired;
	return event->body.p == NULL ? "body_removed" : NULL;
}

static enum take
pass_over(struct passing *p)
{
	p->run = false;
	return ++p->n < BATCH_LOOK_MAX ? TAKE_NEXT : TAKE_ENOUGH;
}

static enum take
pass_over_elsewhere(struct passing *p, uint64_t address, int64_t id)
{
	return order_set_add(&p->elsewhere, address, id) == 0 ? pass_over(p) : TAKE_ENOUGH;
}

static enum take
take_unfit(const struct outbox_event *event, const char *reason, const struct batch_source *source,
    struct passing *p)
{
	enum event_status status = reason == expired ? STATUS_FAILED : mapping_status(reason);

	return unfit_add(source->unfit, event->event_id, reason, status) ? TAKE_NEXT : pass_over(p);
}

/* Is this too much beside what the batch holds already? */
static bool
exceeds(struct batch *b, const struct mapped *mapped, const struct batch_source *source)
{
	bool by_bytes = b->body.n + TAIL_SIZE > source->max_bytes;

	if (b->members.n == 0 || (!by_bytes && b->n_items + mapped->items <= source->max_items))
		return false;
	b->full = true;
	b->by_bytes = by_bytes;
	return true;
}

static void
keep_event(struct batch *b, const struct outbox_event *event, const struct mapped *mapped,
    uint64_t address, const struct batch_source *source)
{
	struct members *m = &b->members;

	if (m->n == 0) {
		b->endpoint = mapped->endpoint;
		m->group = event->max_batch;
		m->charged = event->attempts;
	}
	m->addresses[m->n] = address;
	m->ids[m->n++] = event->event_id;
	b->n_items += mapped->items;
	b->n_maybe_sent += event->maybe_sent > 0 ? mapped->items : 0;
	b->by_bytes = b->body.n + TAIL_SIZE >= source->max_bytes;
	b->full =
	    b->n_items >= source->max_items || (m->group > 0 && m->n >= m->group) || b->by_bytes;
}

/* The event's text is appended already; when it does not belong here, it is removed. */
static enum take
take_mapped(struct batch *b, const struct outbox_event *event, const struct mapped *mapped,
    uint64_t address, size_t before, const struct batch_source *source, struct passing *p)
{
	if (b->members.n > 0 && mapped->endpoint != b->endpoint) {
		buf_truncate(&b->body, before);
		return pass_over_elsewhere(p, address, event->event_id);
	}
	if (exceeds(b, mapped, source)) {
		buf_truncate(&b->body, before);
		return TAKE_ENOUGH;
	}
	keep_event(b, event, mapped, address, source);
	return b->full ? TAKE_ENOUGH : TAKE_NEXT;
}

static enum take
take_event(struct batch *b, const struct outbox_event *event, uint64_t address,
    const struct batch_source *source, struct passing *p, struct err *e)
{
	const char *reason = find_obstacle(event, source);
	size_t before = b->body.n;
	struct mapped mapped;

	if (reason == NULL && b->members.n > 0 && event->max_batch != b->members.group) {
		b->full = true;
		return TAKE_ENOUGH;
	}
	if (reason == NULL && append_event(b, event, source->mapping, &mapped, &reason) == 0)
		return take_mapped(b, event, &mapped, address, before, source, p);
	if (reason == NULL && event->body.n > BATCH_BODY_MAX - MAPPING_MARGIN)
		reason = "too_large";
	if (reason != NULL)
		return take_unfit(event, reason, source, p);
	if (b->members.n > 0) {
		b->full = true;
		return TAKE_ENOUGH;
	}
	err_nomem(e);
	return TAKE_ERROR;
}

/* ---- which events --------------------------------------------------------------------------- */

static bool
is_blocked(const struct batch_source *source, uint64_t address, int64_t id)
{
	return (!source->overlap && order_is_in_flight(source->order, address))
	       || order_is_blocked(source->order, address, id);
}

/* Behind a delayed event it stays blocked after all flights: the run not read again grows. */
static enum take
pass_over_blocked(
    const struct batch_source *source, uint64_t address, int64_t id, struct passing *p)
{
	bool run = p->run && order_is_blocked(source->order, address, id);
	enum take take = pass_over(p);

	p->run = run;
	if (run && id > *source->blocked_to)
		*source->blocked_to = id;
	return take;
}

static enum take
take_id(struct batch *b, int64_t id, const struct batch_source *source, struct passing *p,
    struct err *e)
{
	struct outbox_event event;
	uint64_t address;
	int found;

	if (taken_has(source->taken, id)
	    || (b->members.n > 0 && id <= b->members.ids[b->members.n - 1]))
		return TAKE_NEXT;
	found = outbox_event_load(source->reader, id, &event, e);
	if (found <= 0)
		return found < 0 ? TAKE_ERROR : TAKE_NEXT;
	address = order_address(source->order, event.email);
	if (is_blocked(source, address, id))
		return pass_over_blocked(source, address, id, p);
	p->run = false;
	if (order_set_has(&p->elsewhere, address, id))
		return pass_over(p);
	return take_event(b, &event, address, source, p, e);
}

static int
begin_reading(const struct batch_source *source, int64_t after, struct err *e)
{
	return outbox_due_begin(source->reader, source->site_id, source->now, source->horizon,
	    after, *source->blocked_to, e);
}

int
batch_fill(struct batch *b, const struct batch_source *source, struct err *e)
{
	int64_t after = b->members.n == 0 ? 0 : b->members.ids[b->members.n - 1];
	enum take take = TAKE_NEXT;
	struct passing p = { .run = b->members.n == 0 };
	int64_t id;
	int more = 1;

	if (b->full)
		return 0;
	order_set_init(&p.elsewhere, BATCH_LOOK_MAX);
	if (begin_reading(source, after, e) != 0)
		return -1;
	while (take == TAKE_NEXT && (more = outbox_due_next(source->reader, &id, e)) == 1)
		take = take_id(b, id, source, &p, e);
	outbox_due_end(source->reader);
	b->unfinished = b->members.n == 0 && p.run && take == TAKE_ENOUGH;
	order_set_free(&p.elsewhere);
	/* Filled further, a later event could overtake one that was passed over. */
	if ((p.n > 0 || *source->blocked_to > 0) && b->members.n > 0)
		b->full = true;
	return more < 0 || take == TAKE_ERROR ? -1 : 0;
}

/* ---- probes --------------------------------------------------------------------------------- */

/* The search for a probe so far. */
struct search {
	const struct batch_source *source;
	const struct batch_probe *probe;
	struct order_set seen; /* events that were looked at: they block those of their address */
	struct passing passing;
	int64_t best; /* 0: none */
	unsigned rank;
};

#define RANK_BEST 3

static enum take
weigh_id(struct search *s, int64_t id, struct err *e)
{
	struct outbox_event event;
	uint64_t address;
	unsigned rank;
	int found;

	if (taken_has(s->source->taken, id))
		return TAKE_NEXT;
	found = outbox_event_load(s->source->reader, id, &event, e);
	if (found <= 0)
		return found < 0 ? TAKE_ERROR : TAKE_NEXT;
	if (age_is_over(s->source->expire_before, event.received_at))
		return take_unfit(&event, expired, s->source, &s->passing);
	address = order_address(s->source->order, event.email);
	if (is_blocked(s->source, address, id))
		return pass_over_blocked(s->source, address, id, &s->passing);
	rank = (unsigned)(!suspects_doubt(s->probe->suspects, id) * 2 + (id > s->probe->after));
	if (!order_set_has(&s->seen, address, id) && (s->best == 0 || rank > s->rank)) {
		s->best = id;
		s->rank = rank;
	}
	if (s->best != 0 && s->rank == RANK_BEST)
		return TAKE_ENOUGH;
	if (order_set_add(&s->seen, address, id) != 0)
		return TAKE_ENOUGH;
	return pass_over(&s->passing);
}

int
batch_fill_probe(struct batch *b, const struct batch_source *source,
    const struct batch_probe *probe, struct err *e)
{
	struct search s = { .source = source, .probe = probe, .passing.run = true };
	enum take take = TAKE_NEXT;
	int64_t id;
	int more = 1;

	order_set_init(&s.seen, BATCH_LOOK_MAX);
	if (begin_reading(source, 0, e) != 0)
		return -1;
	while (take == TAKE_NEXT && (more = outbox_due_next(source->reader, &id, e)) == 1)
		take = weigh_id(&s, id, e);
	b->probe = true;
	b->unfinished = s.best == 0 && s.passing.run && take == TAKE_ENOUGH;
	if (s.best != 0 && more >= 0 && take != TAKE_ERROR)
		take = take_id(b, s.best, source, &s.passing, e);
	outbox_due_end(source->reader);
	order_set_free(&s.seen);
	if (b->members.n > 0)
		b->full = true;
	return more < 0 || take == TAKE_ERROR ? -1 : 0;
}

/* ---- after a partial answer ----------------------------------------------------------------- */

static bool
is_repeatable(int64_t id, struct outbox_reader *reader, const struct mapping_options *mapping)
{
	struct outbox_event event;
	struct mapping_input in;
	struct err e;

	if (outbox_event_load(reader, id, &event, &e) != 1 || event.body.p == NULL)
		return false;
	in = input_of(&event);
	return mapping_has_key(mapping, &in);
}

bool
batch_is_repeatable(
    const struct batch *b, struct outbox_reader *reader, const struct mapping_options *mapping)
{
	/* Of two equal upserts the second changes nothing; a command has no key. */
	bool all = b->endpoint != BENTO_COMMANDS;

	if (b->endpoint == BENTO_SUBSCRIBERS)
		return true;
	for (size_t i = 0; all && i < b->members.n; i++)
		all = is_repeatable(b->members.ids[i], reader, mapping);
	outbox_event_done(reader);
	return all;
}
