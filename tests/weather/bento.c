/*
 * The simulated Bento: keeps what it accepted, suppresses repeated keys, and answers in the style
 * that the seed chose. Its answers never name the events that it refused.
 */
#include "weather/weather.h"

#include <string.h>

struct counts {
	size_t results;
	size_t failed;
};

static void
reply(struct request *r, int status, const char *body)
{
	r->result.phase = PHASE_ANSWERED;
	r->result.http_status = status;
	buf_clear(&r->result.response);
	buf_append(&r->result.response, body, strlen(body));
}

/* A suppressed repeat does not count as a copy. */
static void
take_event(struct world *w, struct request *r, int64_t id, bool twin)
{
	struct event *event = box_event(w, id);

	w->seen[SEEN_TWINS] += event->taken > 0;
	if (twin)
		return;
	if (event->taken == 0)
		model_first_copy(w, id);
	event->taken++;
	w->box.attempts[r->attempt].took_any = true;
}

/* Whether Bento refuses the whole request. It has then accepted nothing, even if its answer is
 * lost. */
static bool
refuses_request(struct world *w, const struct request *r)
{
	const struct config *c = &w->config;

	if (c->body_limit > 0 && r->bytes > c->body_limit)
		return true;
	for (size_t i = 0; i < r->n; i++) {
		const struct event *event = box_event(w, r->ids[i]);

		if (event->cursed || (event->poison && c->poison_style != POISON_COUNTED))
			return true;
	}
	return false;
}

static struct counts
take_all(struct world *w, struct request *r)
{
	struct counts n = { 0, 0 };

	for (size_t i = 0; i < r->n; i++) {
		struct event *event = box_event(w, r->ids[i]);
		unsigned good = event->items - event->poison;
		bool keyed = event->subscriber || w->config.site.mapping.unique_key;
		bool twin = keyed && event->taken > 0;

		n.failed += event->poison;
		if (good == 0)
			continue;
		w->seen[SEEN_TORN] += event->poison;
		take_event(w, r, r->ids[i], twin);
		/* Bento counts a repeated upsert as accepted, although it changes nothing. */
		if (!twin || event->subscriber || w->config.twin_style == TWIN_ACCEPTED)
			n.results += good;
		else
			n.failed += w->config.twin_style == TWIN_FAILED ? good : 0;
	}
	return n;
}

void
bento_take(struct world *w, struct request *r)
{
	if (!refuses_request(w, r))
		take_all(w, r);
}

static void
refuse(struct world *w, struct request *r)
{
	const struct config *c = &w->config;
	struct event *first = box_event(w, r->ids[0]);

	for (size_t i = 0; i < r->n; i++) {
		if (!box_event(w, r->ids[i])->cursed)
			continue;
		reply(r, 500, "{\"error\":\"internal\"}");
		return;
	}
	if (c->body_limit > 0 && r->bytes > c->body_limit) {
		first->too_large_alone |= r->n == 1;
		reply(r, 413, "too large");
		return;
	}
	first->refused_alone |= r->n == 1;
	if (c->poison_style == POISON_STATUS) {
		reply(r, c->poison_status,
		    "{\"errors\":[{\"field\":\"email\",\"message\":\"is invalid\"}]}");
		return;
	}
	reply(r, 200, "");
	buf_printf(&r->result.response, "{\"results\":0,\"failed\":%zu}", r->items);
}

void
bento_judge(struct world *w, struct request *r)
{
	struct counts n;

	if (refuses_request(w, r)) {
		refuse(w, r);
		return;
	}
	n = take_all(w, r);
	if (r->n == 1 && n.results == 0)
		box_event(w, r->ids[0])->refused_alone = true;
	reply(r, world_chance(w, 50) ? 200 : 201, "");
	if (w->config.plain_replies && n.failed == 0 && n.results == r->items)
		buf_append_literal(&r->result.response, "{\"message\":\"queued\"}");
	else if (w->config.no_failed && n.failed == 0)
		buf_printf(&r->result.response, "{\"results\":%zu}", n.results);
	else
		buf_printf(
		    &r->result.response, "{\"results\":%zu,\"failed\":%zu}", n.results, n.failed);
}
