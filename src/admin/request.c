/*
 * The path of a request: its head is checked (host, path, method, query, who asks and from which
 * page), the body of a POST is kept and any other dropped, and its route answers, at once or later.
 * Every refusal is an answer with a code, a count and a log line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/metrics/accept.h"
#include "admin/permission.h"
#include "admin/routes.h"
#include "admin/state.h"
#include "admin/who/headers.h"
#include "http/answers.h"

#define REFUSED_LOG_MS 60000
#define WORDS_SIZE 1024 /* bytes of the words of a refusal */

static const struct answer not_found = { .status = 404,
	.code = "not_found",
	.message =
	    "there is nothing at this path: / is the dashboard; /metrics, /healthz and /readyz "
	    "are for programs" };
static const struct answer wrong_host = { .status = 403,
	.code = "host_not_allowed",
	.message = "this address serves requests to localhost and to loopback addresses only: set "
		   "public_url in the section admin to the address at which a proxy serves it" };
static const struct answer long_query = {
	.status = 400, .code = "query_too_long", .message = "the query is longer than 1,023 bytes"
};
static const struct answer no_memory = {
	.status = 503, .code = "busy", .message = "out of memory; try again", .retry_after = 1
};

/* A page whose own name leads here has that name in the Host header. It cannot have a session,
 * which belongs to another name, nor come through TLS, whose certificate has another name, too. */
static bool
is_right_host(struct admin *a, const struct conn *c, const struct http_head *h)
{
	bool proves = conn_client(c) != NULL || (conn_is_tls(c) && !conn_is_local(c));

	return h->host.n == 0 || proves || admin_host_is_local(h->host)
	       || headers_is_public_host(h->host, &admin_config(a)->admin.public_url);
}

static const struct answer *
check_head(struct admin *a, const struct conn *c, const struct http_head *h,
    const struct route *route, struct answer *wrong_method)
{
	if (!is_right_host(a, c, h))
		return &wrong_host;
	if (route == NULL)
		return &not_found;
	if (!admin_route_allows(route, h->method)) {
		*wrong_method = (struct answer){ .status = 405,
			.code = "method_not_allowed",
			.message = "this path does not allow that method",
			.allow = admin_route_allowed(route) };
		return wrong_method;
	}
	return h->query.n >= ADMIN_QUERY_SIZE ? &long_query : NULL;
}

static void
free_request(struct admin_request *r)
{
	body_free(&r->body, &r->admin->server->quota);
	free(r);
}

/* Returns the answer that refuses the request, or NULL. */
static const struct answer *
fill(struct admin_request *r, struct conn *c, const struct http_head *h)
{
	r->method = h->method;
	r->secure = conn_is_tls(c);
	r->openmetrics = accept_prefers_openmetrics(h->accept);
	if (h->query.n > 0)
		memcpy(r->query, h->query.p, h->query.n);
	return permission_check(r, c, h);
}

void
admin_on_head(struct conn *c, const struct http_head *h, void *arg)
{
	const struct route *route = admin_route_find(h->path);
	struct answer wrong_method;
	const struct answer *refusal = check_head(arg, c, h, route, &wrong_method);
	struct admin_request *r = NULL;

	if (refusal == NULL && (r = calloc(1, sizeof(*r))) == NULL)
		refusal = &no_memory;
	if (refusal == NULL) {
		r->admin = arg;
		r->route = route;
		refusal = fill(r, c, h);
	}
	if (refusal != NULL) {
		conn_refuse(c, refusal);
		if (r != NULL)
			free_request(r);
		return;
	}
	c->owner = r;
	c->body = r->method == HTTP_POST ? &r->body : NULL;
}

/* ---- the answer ------------------------------------------------------------------------------ */

void
admin_reply_init(struct admin_reply *reply)
{
	*reply = (struct admin_reply){ .status = 200, .type = "text/plain; charset=utf-8" };
	buf_init(&reply->body, ADMIN_MAX_REPLY);
}

void
admin_reply_free(struct admin_reply *reply)
{
	buf_free(&reply->body);
}

void
admin_reply_refuse(struct admin_reply *reply, int status, const char *code, const char *format, ...)
{
	char words[WORDS_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	reply->status = status;
	reply->code = code;
	reply->type = "application/json";
	buf_clear(&reply->body);
	answers_append_refusal(&reply->body, code, words);
}

/* Frees the request. */
static void
answer(struct conn *c, struct admin_request *r, struct admin_reply *reply)
{
	const struct answer_content content = {
		.type = reply->type,
		.body = buf_slice(&reply->body),
		.headers = reply->headers,
	};
	const struct answer answer = {
		.status = reply->status,
		.code = reply->code,
		.message = reply->code,
		.retry_after = reply->retry_after,
		.probe = reply->probe,
		.content = &content,
	};

	c->owner = NULL;
	c->body = NULL;
	conn_answer(c, reply->body.failed ? &no_memory : &answer);
	free_request(r);
}

void
admin_on_body(struct conn *c, void *arg)
{
	struct admin_request *r = c->owner;
	struct admin_reply reply;

	(void)arg;
	admin_reply_init(&reply);
	r->conn = c;
	if (r->method == HTTP_POST)
		r->route->post(r, &reply);
	else
		r->route->get(r, &reply);
	if (!r->waits)
		answer(c, r, &reply);
	admin_reply_free(&reply);
}

void
admin_answer(struct admin_request *r, struct admin_reply *reply)
{
	struct conn *c = r->conn;

	server_touch(r->admin->server);
	answer(c, r, reply);
	conn_run(c);
}

void
admin_on_refused(struct conn *c, const struct answer *a, void *arg)
{
	struct admin *admin = arg;
	unsigned left_out;

	(void)c;
	word_counts_add(&admin->refused, a->code);
	if (log_limit_pass(
		&admin->refused_log, clock_mono(admin->o.clock), REFUSED_LOG_MS, &left_out))
		log_warn("admin: refused a request: %s: %s (%u more since the last such line)",
		    a->code, a->message, left_out);
}

void
admin_on_gone(void *owner, void *arg)
{
	struct admin_request *r = owner;

	(void)arg;
	if (r->gone != NULL)
		r->gone(r->gone_arg);
	free_request(r);
}
