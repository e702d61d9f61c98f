/*
 * The simulated Bento: its state, and the path of a request from its start (control or API) to an
 * answer or a fault, with the record. Only opening and writing the record can fail.
 */
#include "sim/sim.h"

#include <string.h>

#include "event/json/json.h"

#define PREFIX "/_sim/"

static bool
is_control(struct slice path)
{
	return path.n >= sizeof(PREFIX) - 1 && memcmp(path.p, PREFIX, sizeof(PREFIX) - 1) == 0;
}

int
sim_open(struct sim *s, const struct sim_options *o, const struct clock *clock, struct err *e)
{
	*s = (struct sim){ .o = o, .clock = clock, .faults = o->faults };
	batch_init(&s->batch);
	buf_init(&s->site, 4096);
	buf_init(&s->user, 4096);
	s->record.fd = s->requests.fd = -1;
	fault_list_start(&s->faults, clock_mono(clock));
	if (o->has_seed)
		rand_seed(&s->rand, o->seed);
	else if (rand_seed_system(&s->rand, e) != 0)
		return -1;
	if (limit_init(&s->limit, o->limit, o->limit_window_ms, o->limit_penalty_ms, e) != 0
	    || unique_init(&s->unique, o->remember, e) != 0
	    || record_open(&s->record, o->record_path, e) != 0
	    || record_open(&s->requests, o->requests_path, e) != 0) {
		sim_close(s);
		return -1;
	}
	return 0;
}

void
sim_close(struct sim *s)
{
	limit_free(&s->limit);
	unique_free(&s->unique);
	record_close(&s->record);
	record_close(&s->requests);
	batch_free(&s->batch);
	buf_free(&s->site);
	buf_free(&s->user);
}

void
sim_begin(struct sim *s, struct sim_request *request)
{
	static struct fault_list none; /* the control address has no faults */
	bool control = is_control(request->head.path);

	request->n = control ? 0 : ++s->stats.requests;
	fault_decide(control ? &none : &s->faults, request->head.path, clock_mono(s->clock),
	    &s->rand, &request->effect);
}

static int
write_records(struct sim *s, const struct sim_request *q, const struct sim_reply *reply,
    unsigned status, struct err *e)
{
	struct record_request line = {
		.n = q->n,
		.wall_ms = clock_wall(s->clock),
		.method = q->head.method,
		.path = q->head.path,
		.status = status,
		.authorization = q->head.authorization,
		.user_agent = q->head.user_agent,
		.events = reply->events,
		.results = reply->results,
		.failed = reply->failed,
		.suppressed = reply->suppressed,
		.bytes = q->body.n,
		.fault = q->effect.spec,
	};

	s->stats.status[status < STATS_STATUSES ? status : 0]++;
	s->stats.bytes += q->body.n;
	record_add_request(&s->requests, &line);
	return record_flush(&s->record, e) != 0 || record_flush(&s->requests, e) != 0 ? -1 : 0;
}

int
sim_cut_off(struct sim *s, const struct sim_request *request, unsigned status, struct err *e)
{
	struct sim_reply none = { .events = 0 };

	return write_records(s, request, &none, status, e);
}

static bool
goes_unanswered(const struct fault_effect *effect)
{
	return effect->reset != FAULT_RESET_NONE || effect->truncate == 0;
}

int
sim_answer(struct sim *s, const struct sim_request *request, struct sim_reply *reply, struct err *e)
{
	if (request->n == 0) {
		sim_answer_control(s, request, reply);
		return 0;
	}
	if (request->effect.reset == FAULT_RESET_AFTER_BODY)
		return sim_cut_off(s, request, 0, e);
	sim_answer_api(s, request, reply);
	return write_records(
	    s, request, reply, goes_unanswered(&request->effect) ? 0 : reply->status, e);
}

void
sim_reply_error(struct sim_reply *reply, unsigned status, const char *message)
{
	reply->status = status;
	buf_clear(&reply->body);
	buf_append_literal(&reply->body, "{\"error\":");
	json_string_append(&reply->body, slice_from(message));
	buf_append_byte(&reply->body, '}');
}
