/*
 * The path of a request: its head is checked (host, path, method, query), a body is dropped, and
 * its route answers. Every refusal is an answer with a code, a count and a log line.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/accept.h"
#include "admin/admin_private.h"
#include "admin/routes.h"

#define REFUSED_LOG_MS 60000

static const struct answer not_found = { .status = 404,
	.code = "not_found",
	.message =
	    "there is nothing at this path: / is the dashboard; /metrics, /healthz and /readyz "
	    "are for programs" };
static const struct answer wrong_host = { .status = 403,
	.code = "host_not_allowed",
	.message =
	    "this address serves requests to localhost and to loopback addresses only: a proxy "
	    "must set the Host header to one of these" };
static const struct answer long_query = {
	.status = 400, .code = "query_too_long", .message = "the query is longer than 1,023 bytes"
};
static const struct answer no_memory = {
	.status = 503, .code = "busy", .message = "out of memory; try again", .retry_after = 1
};

static const struct answer *
check_head(const struct conn *c, const struct http_head *h, const struct route *route,
    struct answer *wrong_method)
{
	/* A page whose own name leads here does not have the name in the certificate of a TLS
	 * address, so clients with certificates may use any. */
	if (h->host.n > 0 && conn_client(c) == NULL && !admin_host_is_local(h->host))
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

void
admin_on_head(struct conn *c, const struct http_head *h, void *arg)
{
	const struct route *route = admin_route_find(h->path);
	struct answer wrong_method;
	const struct answer *refusal = check_head(c, h, route, &wrong_method);
	struct admin_request *r = NULL;

	if (refusal == NULL && (r = calloc(1, sizeof(*r))) == NULL)
		refusal = &no_memory;
	if (r == NULL) {
		conn_refuse(c, refusal);
		return;
	}
	r->admin = arg;
	r->route = route;
	r->method = h->method;
	r->openmetrics = accept_prefers_openmetrics(h->accept);
	if (h->query.n > 0)
		memcpy(r->query, h->query.p, h->query.n);
	c->owner = r;
}

void
admin_on_body(struct conn *c, void *arg)
{
	struct admin_request *r = c->owner;
	struct admin_reply reply = { .status = 200, .type = "text/plain; charset=utf-8" };
	struct answer_content content = { .headers = "" };
	struct answer answer = { .content = &content };

	(void)arg;
	buf_init(&reply.body, ADMIN_MAX_REPLY);
	r->route->get(r, &reply);
	content.type = reply.type;
	content.body = buf_slice(&reply.body);
	answer.status = reply.status;
	answer.code = reply.code;
	answer.message = reply.code;
	answer.probe = reply.probe;
	c->owner = NULL;
	conn_answer(c, reply.body.failed ? &no_memory : &answer);
	buf_free(&reply.body);
	free(r);
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
	(void)arg;
	free(owner);
}
