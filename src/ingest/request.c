/*
 * The path of a request. Its head is checked: path, method, origin, evidence of the sender,
 * encoding. Its body is received and parsed in place; the sender is authenticated, and the events
 * get the status that the site wants. Then they go to the writer (writer_link.c), and the answer
 * follows the commit. Every refusal is an answer with a code. A client that leaves early makes no
 * difference to the writer.
 */
#include "ingest/request.h"

#include <strings.h>

#include "event/bento/bento_api.h"
#include "event/json/json.h"
#include "event/segment/forwarded.h"
#include "ingest/authenticate.h"
#include "ingest/request_pool.h"
#include "ingest/writer_link.h"

static const struct answer ok = { .status = 200 };
static const struct answer preflight = { .status = 204 };
static const struct answer not_found = { .status = 404,
	.code = "not_found",
	.message = "there is nothing at this path; post events to /v1/track, /v1/batch and so on" };
static const struct answer not_bento_api = { .status = 404,
	.code = "not_found",
	.message =
	    "bentospool accepts POST /api/v1/batch/events and /api/v1/batch/subscribers; send "
	    "other requests to Bento itself" };
static const struct answer wrong_origin = { .status = 403,
	.code = "origin_not_allowed",
	.message = "pages of this origin may not post here: configure a write key or list the "
		   "origin in allow_origins" };
static const struct answer unknown_encoding = { .status = 415,
	.code = "unsupported_encoding",
	.message = "this Content-Encoding is not supported: send gzip, or none" };
const struct answer request_busy = { .status = 503,
	.code = "busy",
	.message = "too many requests are waiting to be stored; try again",
	.retry_after = 1 };

/* ---- a complete head ---------------------------------------------------------------- */

static const struct answer *
answer_options(const struct ingest *in, struct conn *c, const struct http_head *h)
{
	if (h->origin.p != NULL && !auth_origin(in->auth, h->origin))
		return &wrong_origin;
	conn_allow_headers(c, h);
	return &preflight;
}

/* Returns an answer that does not depend on the body; NULL when the body must be read. */
static const struct answer *
answer_head(const struct ingest *in, struct conn *c, const struct http_head *h,
    const struct route *route, struct answer *wrong_method)
{
	if (route == NULL)
		return c->manner.bento ? &not_bento_api : &not_found;
	if (!route_allows(route, h->method)) {
		*wrong_method = (struct answer){ .status = 405,
			.code = "method_not_allowed",
			.message = "this path does not allow that method",
			.allow = route_allowed(route) };
		return wrong_method;
	}
	return h->method == HTTP_OPTIONS ? answer_options(in, c, h) : NULL;
}

static bool
is_word(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool
is_plain(struct slice content_encoding)
{
	return content_encoding.n == 0 || is_word(content_encoding, "identity");
}

/* RFC 9110, 8.4.1.3: x-gzip is the older name. */
static bool
is_gzip(struct slice content_encoding)
{
	return is_word(content_encoding, "gzip") || is_word(content_encoding, "x-gzip");
}

/* Returns the answer that refuses the head of a request that would store events; NULL when the head
 * is right. */
static const struct answer *
check_head(struct request *r, const struct http_head *h)
{
	const struct answer *refusal;

	if (h->origin.p != NULL && !auth_origin(r->ingest->auth, h->origin))
		return &wrong_origin;
	refusal = authenticate_head(r, h);
	if (refusal != NULL)
		return refusal;
	if (is_plain(h->content_encoding))
		return NULL;
	if (!is_gzip(h->content_encoding))
		return &unknown_encoding;
	return gzip_open(&r->gzip, &r->ingest->server->quota) == 0 ? NULL : &request_busy;
}

void
request_on_head(struct conn *c, const struct http_head *h, void *arg)
{
	struct ingest *in = arg;
	char text[ROUTE_PATH_MAX];
	const struct slice path = route_path(h->path, text);
	const struct route *route = route_find(path);
	struct answer wrong_method;
	const struct answer *a;
	struct request *r;

	c->manner.bento = route_is_bento_api(path);
	a = answer_head(in, c, h, route, &wrong_method);
	if (h->origin.p != NULL && auth_origin(in->auth, h->origin))
		conn_allow_origin(c, h->origin);
	r = a == NULL ? request_take(in) : NULL;
	if (r == NULL) {
		conn_refuse(c, a == NULL ? &request_busy : a);
		return;
	}
	r->conn = c;
	r->browser = h->origin.p != NULL;
	r->route = route;
	r->asks = h->method == HTTP_GET;
	c->owner = r;
	if (!route_stores(route))
		return;
	a = check_head(r, h);
	if (a != NULL) {
		conn_refuse(c, a);
		return;
	}
	c->body = &r->body;
	c->gzip = r->gzip.open ? &r->gzip : NULL;
}

/* ---- a complete body ---------------------------------------------------------------- */

static int
parse_body(struct request *r, struct err *e)
{
	struct segment_request *parse = &r->parse;

	parse->body = (struct slice){ r->body.n == 0 ? "" : r->body.p, r->body.n };
	parse->shape = r->route->shape;
	parse->path_kind = r->route->kind;
	parse->clock_unset = clock_is_unset(r->ingest->clock);
	parse->received_at = clock_wall(r->ingest->clock);
	parse->max_depth = JSON_MAX_DEPTH;
	parse->max_event = r->ingest->max_event;
	parse->max_message_id = r->ingest->max_message_id;
	parse->max_events = request_max_events(r);
	if (r->route->action == ROUTE_FLEET)
		return forwarded_parse(parse, e);
	return r->route->action == ROUTE_BENTO_API ? bento_api_parse(parse, e)
						   : segment_parse(parse, e);
}

static void
refuse_body(struct request *r, const struct err *e)
{
	const struct answer a = { .status = 400, .code = r->parse.code, .message = e->text };

	request_answer(r, e->code == ERR_INPUT ? &a : &request_busy);
}

static void
take_events(struct request *r)
{
	const struct answer *refusal;
	struct err e;

	if (parse_body(r, &e) != 0) {
		refuse_body(r, &e);
		return;
	}
	refusal = authenticate_body(r);
	if (refusal == NULL && request_charge_events(r) != 0)
		refusal = &request_busy;
	if (refusal != NULL) {
		request_answer(r, refusal);
		return;
	}
	admission_apply(r->ingest->admission, r->site_id, &r->parse, r->browser);
	writer_link_send(r);
}

/* A box asks whether it would be let in. */
static void
answer_question(struct request *r)
{
	const struct answer *refusal = authenticate_body(r);

	request_answer(r, refusal != NULL ? refusal : &ok);
}

static void
answer_health(struct request *r)
{
	struct outbox *outbox = r->ingest->outbox;
	struct answer a = { .status = 503, .retry_after = 5, .probe = true };
	char text[512];

	switch (outbox_health(outbox)) {
	case OUTBOX_OK:
		request_answer(r, &ok);
		return;
	case OUTBOX_FULL:
		a.code = "storage_full";
		break;
	case OUTBOX_BLOCKED:
		a.code = "storage_busy";
		break;
	case OUTBOX_STALLED:
	case OUTBOX_FAULTY:
	case OUTBOX_FAILED:
		a.code = "storage_failed";
		break;
	}
	outbox_health_text(outbox, text, sizeof(text));
	a.message = text;
	request_answer(r, &a);
}

void
request_on_body(struct conn *c, void *arg)
{
	struct request *r = c->owner;

	(void)arg;
	c->gzip = NULL;
	/* The request may wait long for the writer: free zlib's memory now. */
	gzip_close(&r->gzip, &r->ingest->server->quota);
	switch (r->route->action) {
	case ROUTE_EVENTS:
	case ROUTE_WEBHOOK:
	case ROUTE_BENTO_API:
	case ROUTE_FLEET:
		if (r->asks)
			answer_question(r);
		else
			take_events(r);
		break;
	case ROUTE_DISCARD:
		request_answer(r, &ok);
		break;
	case ROUTE_HEALTH:
		answer_health(r);
		break;
	}
}

/* ---- the end ------------------------------------------------------------------------ */

void
request_answer(struct request *r, const struct answer *a)
{
	struct conn *c = r->conn;

	c->owner = NULL;
	c->body = NULL;
	c->gzip = NULL;
	conn_answer(c, a);
	request_release(r);
}

void
request_on_refused(struct conn *c, const struct answer *a, void *arg)
{
	const struct ingest *in = arg;

	refusals_add(in->refusals, a->code, a->message, c->fd);
}

void
request_on_gone(void *owner, void *arg)
{
	struct request *r = owner;

	(void)arg;
	r->conn = NULL;
	if (!r->sent)
		request_release(r);
}
