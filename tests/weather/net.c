/*
 * The transport: the weather decides what happens to each request, whether it arrives at Bento, and
 * when the dispatcher learns its end.
 */
#include "weather/weather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the weather does ------------------------------------------------------------------ */

static void
answer(struct request *r, int status, const char *body)
{
	r->result.phase = PHASE_ANSWERED;
	r->result.http_status = status;
	buf_append(&r->result.response, body, strlen(body));
}

static void
answer_status(struct world *w, struct request *r, const int *statuses, size_t n)
{
	static const char *const bodies[] = { "", "{\"error\":\"no\"}", "<html>no</html>",
		"{\"results\":1,\"failed\":0}" };

	answer(r, statuses[rand_below(&w->chance, n)], bodies[rand_below(&w->chance, 4)]);
}
#define ANSWER_ONE_OF(w, r, ...)                                                                   \
	answer_status((w), (r), (const int[]){ __VA_ARGS__ },                                      \
	    sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void
draw_retry_after(struct world *w, struct request *r)
{
	r->result.retry_after_ms = world_scale(w, 1, 2 * HOUR);
}

static void
break_off(struct request *r, enum fate fate, const char *error)
{
	r->fate = fate;
	r->result.phase = fate == FATE_NOT_SENT ? PHASE_NOT_SENT : PHASE_SENDING;
	snprintf(r->result.error, sizeof(r->result.error), "%s", error);
}

static void
draw_reset(struct world *w, struct request *r)
{
	if (world_chance(w, 50)) {
		break_off(r, FATE_CUT_BEFORE, "reset before the body was read");
		return;
	}
	break_off(r, FATE_CUT_AFTER, "reset after the body was read");
	/* only the beginning of an answer arrived */
	if (world_chance(w, 40)) {
		r->result.http_status = 200;
		buf_append_literal(&r->result.response, "{\"results\":");
	}
}

/* A slow answer. If it comes after the timeout, Bento may or may not have accepted the request. */
static void
draw_slow(struct world *w, struct request *r)
{
	int64_t timeout = w->config.site.timeout_ms;
	int64_t ms = world_between(w, timeout / 4, 2 * timeout);

	r->arrives = r->started + world_between(w, 1, ms < timeout ? ms : timeout - 1);
	r->ends = r->started + ms;
	if (ms < timeout)
		return;
	r->ends = r->started + timeout;
	break_off(r, world_chance(w, 50) ? FATE_CUT_AFTER : FATE_CUT_BEFORE, "timed out");
}

static void
draw_garbled(struct world *w, struct request *r)
{
	static const char *const bodies[] = { "<html>Welcome to the harbour</html>", "", "[]",
		"{\"error\":\"try later\"}", "{\"results\":1" };

	r->fate = FATE_GARBLED;
	answer(r, world_chance(w, 50) ? 200 : 202, bodies[rand_below(&w->chance, 5)]);
}

static void
draw_fate(struct world *w, struct request *r, enum sky sky)
{
	if (sky == SKY_MIXED)
		sky = world_chance(w, 50) ? SKY_CLEAR : (enum sky)rand_below(&w->chance, SKY_MIXED);
	r->fate = FATE_STATUS;
	switch (sky) {
	case SKY_NO_CONNECTION:
		break_off(r, FATE_NOT_SENT, "no connection");
		if (world_chance(w, 30))
			r->ends = r->started + w->config.site.timeout_ms;
		return;
	case SKY_THROTTLED_UNTIL:
		draw_retry_after(w, r);
		ANSWER_ONE_OF(w, r, 429, 429, 503);
		return;
	case SKY_THROTTLED:
		ANSWER_ONE_OF(w, r, 429);
		return;
	case SKY_ERRORS:
		ANSWER_ONE_OF(w, r, 500, 503, 501, 408, 425);
		return;
	case SKY_GATEWAY:
		r->fate = FATE_GATEWAY;
		ANSWER_ONE_OF(w, r, 502, 504, 520, 524);
		return;
	case SKY_LOCKED:
		ANSWER_ONE_OF(w, r, 401, 403, 302, 402, 404, 407, 410, 418, 451);
		return;
	case SKY_GARBLED:
		draw_garbled(w, r);
		return;
	case SKY_RESETS:
		draw_reset(w, r);
		return;
	case SKY_SLOW:
		r->fate = FATE_DECIDED;
		draw_slow(w, r);
		return;
	case SKY_CLEAR:
	case SKY_MIXED:
	case SKY_COUNT:
		break;
	}
	r->fate = FATE_DECIDED;
}

/* ---- the transport -------------------------------------------------------------------------- */

static struct net *
self_of(struct transport *t)
{
	return (struct net *)(void *)t;
}

/* Reads the ids in the body, in order. */
static void
read_body(struct world *w, struct request *r, struct slice body)
{
	static const char mark[] = "\"n\":";
	const char *end = body.p + body.n, *p = body.p;

	r->bytes = body.n;
	r->ids = calloc(body.n / 8 + 1, sizeof(*r->ids));
	if (r->ids == NULL)
		abort();
	while ((p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1)) != NULL) {
		int64_t id = 0;

		for (p += sizeof(mark) - 1; p < end && *p >= '0' && *p <= '9'; p++)
			id = id * 10 + (*p - '0');
		r->items++;
		if (r->n > 0 && r->ids[r->n - 1] == id)
			continue;
		if (box_has(w, id))
			r->ids[r->n++] = id;
		else
			model_broken(w, "row-first", "a request with event %lld, which is none",
			    (long long)id);
	}
}

static int
start(struct transport *t, const struct transport_request *request, struct err *e)
{
	struct net *net = self_of(t);
	struct world *w = net->w;
	struct request *r = calloc(1, sizeof(*r));

	(void)e;
	if (r == NULL || net->n_open == OPEN_MAX)
		abort();
	*r = (struct request){
		.owner = request->owner,
		.started = w->mono,
		.arrives = w->mono + world_between(w, 1, 100),
		.result = { .owner = request->owner, .retry_after_ms = -1 },
	};
	r->ends = r->arrives + world_between(w, 0, 300);
	buf_init(&r->result.response, TRANSPORT_RESPONSE_MAX);
	r->subscribers = strstr(request->url, "/batch/subscribers?") != NULL;
	w->seen[SEEN_SUBSCRIBERS] += r->subscribers;
	read_body(w, r, request->body);
	net->open[net->n_open++] = r;
	w->seen[SEEN_REQUESTS]++;
	if (w->broken == NULL)
		model_request(w, r);
	draw_fate(w, r, w->sky);
	world_tell(w, "request %zu: %zu events from %lld, fate %d", r->attempt + 1, r->n,
	    r->n > 0 ? (long long)r->ids[0] : 0, (int)r->fate);
	return 0;
}

static int
poll_nothing(struct transport *t, int64_t timeout_ms, struct err *e)
{
	(void)t;
	(void)timeout_ms;
	(void)e;
	return 0;
}

static void
take_out(struct net *net, size_t i)
{
	net->n_open--;
	memmove(&net->open[i], &net->open[i + 1], (net->n_open - i) * sizeof(net->open[0]));
}

static void
free_request(struct request *r)
{
	buf_free(&r->result.response);
	free(r->ids);
	free(r);
}

static int
finished(struct transport *t, struct transport_result *ret_result)
{
	struct net *net = self_of(t);
	struct world *w = net->w;

	for (size_t i = 0; i < net->n_open; i++) {
		struct request *r = net->open[i];

		if (!r->arrived || r->ends > w->mono)
			continue;
		take_out(net, i);
		model_result(w, r);
		world_tell(w, "result %zu: phase %d, status %d, retry after %lld ms",
		    r->attempt + 1, (int)r->result.phase, r->result.http_status,
		    (long long)r->result.retry_after_ms);
		*ret_result = r->result;
		buf_init(&r->result.response, 0);
		free_request(r);
		return 1;
	}
	return 0;
}

/* Cancels all requests. Those that have arrived stay accepted; the others never arrive. */
static void
cancel(struct transport *t)
{
	struct net *net = self_of(t);
	struct world *w = net->w;

	for (size_t i = 0; i < net->n_open; i++) {
		struct request *r = net->open[i];

		if (r->ends <= w->mono)
			continue;
		r->result.http_status = 0;
		r->result.retry_after_ms = -1;
		break_off(r, !r->arrived && world_chance(w, 30) ? FATE_NOT_SENT : FATE_CUT_BEFORE,
		    "canceled");
		r->arrived = true;
		r->ends = w->mono;
	}
}

static void
do_nothing(struct transport *t)
{
	(void)t;
}

void
net_init(struct world *w)
{
	w->net = (struct net){
		.ops = { start, poll_nothing, finished, cancel, do_nothing, do_nothing },
		.w = w,
	};
}

int64_t
net_next(const struct world *w)
{
	int64_t next = NEVER;

	for (size_t i = 0; i < w->net.n_open; i++) {
		const struct request *r = w->net.open[i];
		int64_t at = r->arrived ? r->ends : r->arrives;

		if (at < next)
			next = at;
	}
	return next;
}

static void
arrive(struct world *w, struct request *r)
{
	r->arrived = true;
	switch (r->fate) {
	case FATE_DECIDED:
		bento_judge(w, r);
		break;
	case FATE_GATEWAY:
	case FATE_GARBLED:
		if (world_chance(w, 50))
			bento_take(w, r);
		break;
	case FATE_CUT_AFTER:
		bento_take(w, r);
		break;
	case FATE_NOT_SENT:
	case FATE_STATUS:
	case FATE_CUT_BEFORE:
		break;
	}
}

void
net_run(struct world *w)
{
	for (size_t i = 0; i < w->net.n_open; i++)
		if (!w->net.open[i]->arrived && w->net.open[i]->arrives <= w->mono)
			arrive(w, w->net.open[i]);
}

bool
net_has_result(const struct world *w)
{
	for (size_t i = 0; i < w->net.n_open; i++)
		if (w->net.open[i]->arrived && w->net.open[i]->ends <= w->mono)
			return true;
	return false;
}

void
net_crash(struct world *w)
{
	while (w->net.n_open > 0) {
		struct request *r = w->net.open[0];

		/* Some requests still arrive, because their bytes had already been sent. */
		if (!r->arrived && world_chance(w, 30))
			arrive(w, r);
		take_out(&w->net, 0);
		free_request(r);
	}
}

void
net_free(struct world *w)
{
	while (w->net.n_open > 0) {
		struct request *r = w->net.open[0];

		take_out(&w->net, 0);
		free_request(r);
	}
}
