/* Serves /_sim/, by which tests and people control the simulator while it runs. Wrong requests get
 * an error answer. */
#include <string.h>

#include "event/json/json.h"
#include "sim/sim.h"

static bool
is_path(const struct http_head *head, const char *path)
{
	return slice_equals(head->path, slice_from(path));
}

static bool
is_method(const struct http_head *head, const char *method)
{
	return slice_equals(head->method, slice_from(method));
}

static void
reply_faults(const struct sim *s, struct sim_reply *reply)
{
	buf_append_byte(&reply->body, '[');
	for (size_t i = 0; i < s->faults.n; i++) {
		if (i > 0)
			buf_append_byte(&reply->body, ',');
		json_string_append(&reply->body, slice_from(s->faults.fault[i].spec));
	}
	buf_append_literal(&reply->body, "]");
}

/* Reads a JSON list of strings. */
static int
parse_list(struct slice body, struct buf *scratch, struct fault_list *l, struct err *e)
{
	struct json_value v;
	struct slice spec;
	struct json j;

	json_init(&j, body, JSON_MAX_DEPTH);
	json_array_begin(&j);
	while (json_array_next(&j) == 1) {
		if (json_skip(&j, &v) != 0)
			break;
		if (v.type != JSON_STRING)
			return err_set(e, ERR_INPUT, "each fault is a string");
		buf_clear(scratch);
		if (json_string_decode(v.raw, scratch, &spec) != 0)
			return err_set(e, ERR_INPUT, "a fault is too long");
		if (fault_list_add(l, spec, e) != 0)
			return -1;
	}
	if (json_finish(&j) != 0)
		return err_set(e, ERR_INPUT, "a JSON list of faults is needed: %s", j.error);
	return 0;
}

/* Reads one fault from each line; skips blank lines. */
static int
parse_lines(struct slice body, struct fault_list *l, struct err *e)
{
	while (body.n > 0) {
		const char *end = memchr(body.p, '\n', body.n);
		struct slice line = { body.p, end == NULL ? body.n : (size_t)(end - body.p) };
		size_t used = end == NULL ? body.n : line.n + 1;

		if (line.n > 0 && fault_list_add(l, line, e) != 0)
			return -1;
		body = (struct slice){ body.p + used, body.n - used };
	}
	return 0;
}

/* Replaces the list of faults; a bad list changes nothing. */
static void
put_faults(struct sim *s, struct slice body, struct sim_reply *reply)
{
	static struct fault_list fresh;
	struct buf scratch;
	struct err e;
	int rc;

	fresh.n = 0;
	buf_init(&scratch, FAULT_SPEC_SIZE);
	if (body.n > 0 && body.p[0] == '[')
		rc = parse_list(body, &scratch, &fresh, &e);
	else
		rc = parse_lines(body, &fresh, &e);
	if (rc != 0) {
		sim_reply_error(reply, 400, e.text);
	} else {
		s->faults = fresh;
		fault_list_start(&s->faults, clock_mono(s->clock));
		reply_faults(s, reply);
	}
	buf_free(&scratch);
}

static void
answer_faults(struct sim *s, const struct sim_request *q, struct sim_reply *reply)
{
	if (is_method(&q->head, "PUT")) {
		put_faults(s, q->body, reply);
	} else if (is_method(&q->head, "DELETE")) {
		s->faults.n = 0;
		reply_faults(s, reply);
	} else if (is_method(&q->head, "GET")) {
		reply_faults(s, reply);
	} else {
		sim_reply_error(reply, 405, "GET, PUT or DELETE");
	}
}

void
sim_answer_control(struct sim *s, const struct sim_request *request, struct sim_reply *reply)
{
	reply->status = 200;
	if (is_path(&request->head, "/_sim/faults"))
		answer_faults(s, request, reply);
	else if (is_path(&request->head, "/_sim/stats") && is_method(&request->head, "GET"))
		stats_append_json(&s->stats, &reply->body);
	else
		sim_reply_error(reply, 404, "there are /_sim/faults and GET /_sim/stats");
}
