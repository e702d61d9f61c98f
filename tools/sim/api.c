/* Bento's API: checks keys, site and content type, and applies faults to the answer. */
#include <string.h>

#include "event/json/json.h"
#include "sim/sim.h"

static void
reply_text(struct sim_reply *reply, unsigned status, const char *type, const char *text)
{
	reply->status = status;
	reply->content_type = type;
	buf_clear(&reply->body);
	buf_append(&reply->body, text, strlen(text));
}

static void
reply_html(struct sim_reply *reply, unsigned status)
{
	buf_clear(&reply->body);
	reply->status = status;
	reply->content_type = "text/html; charset=UTF-8";
	buf_printf(&reply->body,
	    "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>%s | simulated edge</title>"
	    "</head>\n<body>\n<h1>Error %u</h1>\n<p>%s. This is a page for browsers, not an "
	    "answer for programs.</p>\n<p>Ray ID: 0000000000000000</p>\n</body>\n</html>\n",
	    http_reason(status), status, http_reason(status));
}

static void
reply_denied(const struct sim *s, struct sim_reply *reply)
{
	if (s->o->denied == SIM_DENIED_TEXT)
		reply_text(reply, 401, "text/plain", "HTTP Basic: Access denied.\n");
	else
		sim_reply_error(reply, 401, "Invalid publishable or secret key");
}

static bool
is_authorized(struct sim *s, const struct http_head *head)
{
	struct slice user;
	const char *colon;

	buf_clear(&s->user);
	if (head->authorization.p == NULL || http_basic_decode(head->authorization, &s->user) != 0)
		return false;
	user = buf_slice(&s->user);
	if (s->o->key != NULL)
		return slice_equals(user, slice_from(s->o->key));
	colon = memchr(user.p, ':', user.n);
	return colon != NULL && colon > user.p && colon + 1 < user.p + user.n;
}

/* Finds the site in the query, or else in the body. */
static bool
has_site(struct sim *s, const struct http_head *head, struct slice in_body)
{
	buf_clear(&s->site);
	if (!http_query_get(head->query, "site_uuid", &s->site) && in_body.p != NULL)
		buf_append_slice(&s->site, in_body);
	if (s->o->site_uuid != NULL)
		return slice_equals(buf_slice(&s->site), slice_from(s->o->site_uuid));
	return s->site.n > 0;
}

static bool
holds(struct slice s, const char *text)
{
	return s.n > 0 && memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static void
answer_batch(
    struct sim *s, const struct sim_request *q, enum batch_kind kind, struct sim_reply *reply)
{
	struct err e = { .code = ERR_NONE };

	if (!holds(q->head.content_type, "json")) {
		sim_reply_error(reply, 400, "Content-Type must be application/json");
		return;
	}
	if (q->head.content_encoding.n > 0) {
		sim_reply_error(reply, 415, "no Content-Encoding is understood");
		return;
	}
	if (batch_parse(&s->batch, kind, q->body, SIM_MAX_EVENTS, &e) != 0) {
		sim_reply_error(reply, e.code == ERR_INPUT ? 400 : 413, e.text);
		return;
	}
	if (!has_site(s, &q->head, s->batch.site_uuid)) {
		sim_reply_error(reply, 401, "site_uuid is missing or unknown");
		return;
	}
	sim_take_batch(s, q, kind, reply);
}

static void
answer_tags(struct sim *s, const struct sim_request *q, struct sim_reply *reply)
{
	if (!has_site(s, &q->head, SLICE_NONE)) {
		sim_reply_error(reply, 401, "site_uuid is missing or unknown");
		return;
	}
	reply_text(reply, 200, "application/json",
	    "{\"data\":[{\"id\":\"1\",\"type\":\"tags\",\"attributes\":{\"name\":\"customer\","
	    "\"created_at\":\"2026-01-01T00:00:00.000Z\",\"discarded_at\":null}}]}");
}

static bool
is_request(const struct http_head *head, const char *method, const char *path)
{
	return slice_equals(head->method, slice_from(method))
	       && slice_equals(head->path, slice_from(path));
}

static void
answer_allowed(struct sim *s, const struct sim_request *q, struct sim_reply *reply)
{
	if (is_request(&q->head, "POST", "/api/v1/batch/events"))
		answer_batch(s, q, BATCH_EVENTS, reply);
	else if (is_request(&q->head, "POST", "/api/v1/batch/subscribers"))
		answer_batch(s, q, BATCH_SUBSCRIBERS, reply);
	else if (is_request(&q->head, "POST", "/api/v1/fetch/commands"))
		answer_batch(s, q, BATCH_COMMANDS, reply);
	else if (is_request(&q->head, "GET", "/api/v1/fetch/tags"))
		answer_tags(s, q, reply);
	else
		sim_reply_error(reply, 404, "Not Found");
}

/* Answers a request unless a fault does: checks the edge, the rate limit and the keys. */
static void
answer_usual(struct sim *s, const struct sim_request *q, struct sim_reply *reply)
{
	int64_t wait_ms = 0;

	if (q->head.user_agent.n == 0) {
		reply_html(reply, 403);
	} else if (!limit_pass(&s->limit, clock_mono(s->clock), &wait_ms)) {
		sim_reply_error(reply, 429, "Rate limit exceeded");
		if (s->o->limit_retry_after)
			reply->retry_after = (wait_ms + 999) / 1000;
	} else if (!is_authorized(s, &q->head)) {
		reply_denied(s, reply);
	} else {
		answer_allowed(s, q, reply);
	}
}

static void
replace_body(const struct fault_effect *effect, struct sim_reply *reply)
{
	const char *reason = http_reason(reply->status);
	struct buf *b = &reply->body;

	if (effect->body == FAULT_BODY_HTML) {
		reply_html(reply, reply->status);
		return;
	}
	buf_clear(b);
	reply->content_type = "application/json";
	switch (effect->body) {
	case FAULT_BODY_USUAL:
	case FAULT_BODY_HTML:
	case FAULT_BODY_ERROR:
		buf_printf(b, "{\"error\":\"%s\"}", reason);
		break;
	case FAULT_BODY_ERRORS:
		buf_printf(b, "{\"errors\":[{\"field\":\"base\",\"message\":\"%s\"}]}", reason);
		break;
	case FAULT_BODY_MESSAGE:
		buf_printf(b, "{\"message\":\"%s\"}", reason);
		break;
	case FAULT_BODY_TEXT:
		reply->content_type = "text/plain";
		buf_printf(b, "%s\n", reason);
		break;
	case FAULT_BODY_EMPTY:
		reply->content_type = NULL;
		break;
	case FAULT_BODY_RESULTS:
		buf_printf(b, "{\"results\":%llu}", (unsigned long long)reply->results);
		break;
	case FAULT_BODY_AUTHOR:
		buf_append_literal(
		    b, "{\"error\":\"Author not authorized to send on this account\"}");
		break;
	}
}

void
sim_answer_api(struct sim *s, const struct sim_request *request, struct sim_reply *reply)
{
	const struct fault_effect *effect = &request->effect;

	if (effect->status < 0 || effect->accept)
		answer_usual(s, request, reply);
	if (effect->status > 0) {
		reply->status = (unsigned)effect->status;
		if (effect->body == FAULT_BODY_USUAL && !(reply->status < 300 && effect->accept))
			replace_body(effect, reply);
	}
	if (effect->body != FAULT_BODY_USUAL)
		replace_body(effect, reply);
	if (effect->retry_after >= 0)
		reply->retry_after = effect->retry_after;
}
