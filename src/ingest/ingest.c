#include "ingest/ingest.h"

#include <stdlib.h>
#include <strings.h>

#include "event/json/json.h"
#include "ingest/request.h"

static const struct answer preflight = { .status = 204 };
static const struct answer not_found = { .status = 404,
	.code = "not_found",
	.message = "nothing is here; events are posted to /v1/track, /v1/batch and their like" };
static const struct answer wrong_origin = { .status = 403,
	.code = "origin_not_allowed",
	.message = "pages of this origin may not post here: configure a write key or list the "
		   "origin in allow_origins" };
static const struct answer unknown_encoding = { .status = 415,
	.code = "unsupported_encoding",
	.message = "this Content-Encoding is not supported: send gzip, or none" };
static const struct answer stopping = { .status = 503,
	.code = "stopping",
	.message = "the spooler is stopping; try again",
	.retry_after = 5 };

/* ---- a complete head ---------------------------------------------------------------- */

/* The first place that has a key counts. */
static enum auth_verdict
find_key(const struct auth *auth, const struct http_head *h, int64_t *ret_site_id)
{
	enum auth_verdict verdict = auth_basic(auth, h->authorization, ret_site_id);

	return verdict == AUTH_ABSENT ? auth_query(auth, h->query, ret_site_id) : verdict;
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

/* RFC 9110, 8.4.1.3: the other name is an old one for the same. */
static bool
is_gzip(struct slice content_encoding)
{
	return is_word(content_encoding, "gzip") || is_word(content_encoding, "x-gzip");
}

#define SITE_UUID_MAX 256 /* bytes of one in a query; a longer one is none of ours */

static const struct answer not_bento_api = { .status = 404,
	.code = "not_found",
	.message = "bentospool takes POST /api/v1/batch/events and /api/v1/batch/subscribers; "
		   "everything else of this API is asked of Bento itself" };

/* As Bento: the keys first, and a site that the query names; else the body may name it. */
static const struct answer *
judge_bento_api(struct request *r, const struct http_head *h)
{
	const struct ingest *in = r->ingest;
	char text[SITE_UUID_MAX];
	struct slice uuid = bento_keys_query_site(h->query, text, sizeof(text));

	r->renewal = in->renewals;
	r->bento_keys_of = bento_keys_find_keys(in->native, h->authorization);
	r->bento_keys_known = uuid.n > 0;
	if (r->bento_keys_of == BENTO_KEYS_NOBODY)
		return &request_wrong_bento_api;
	if (r->bento_keys_known
	    && !bento_keys_find_site(in->native, r->bento_keys_of, uuid, &r->site_id))
		return &request_wrong_bento_api;
	return NULL;
}

/* What its head already tells of who posts it; NULL: nothing is wrong. */
static const struct answer *
judge_sender(struct request *r, const struct http_head *h)
{
	if (r->route->action == ROUTE_BENTO_API)
		return judge_bento_api(r, h);
	r->verdict = find_key(r->ingest->auth, h, &r->site_id);
	r->is_signed = signature_parse(h->signature, r->signature) == 0;
	return r->verdict == AUTH_UNKNOWN ? &request_wrong_key : NULL;
}

/* What its head already tells about a request that would store events; NULL: nothing is wrong. */
static const struct answer *
judge_events(struct request *r, const struct http_head *h)
{
	const struct answer *refusal;

	if (h->origin.p != NULL && !auth_origin(r->ingest->auth, h->origin))
		return &wrong_origin;
	refusal = judge_sender(r, h);
	if (refusal != NULL)
		return refusal;
	if (is_plain(h->content_encoding))
		return NULL;
	if (!is_gzip(h->content_encoding))
		return &unknown_encoding;
	return gzip_open(&r->gzip, &r->ingest->server->quota) == 0 ? NULL : &request_busy;
}

static const struct answer *
judge_options(const struct ingest *in, struct conn *c, const struct http_head *h)
{
	if (h->origin.p != NULL && !auth_origin(in->auth, h->origin))
		return &wrong_origin;
	c->manner.preflight = true;
	return &preflight;
}

/* What can be answered without the body, or NULL when a request is to be made of it. */
static const struct answer *
judge(const struct ingest *in, struct conn *c, const struct http_head *h, const struct route *route,
    struct answer *wrong_method)
{
	c->manner.bento = route_is_bento_api(h->path);
	if (in->stopping)
		return &stopping;
	if (route == NULL)
		return c->manner.bento ? &not_bento_api : &not_found;
	if (!route_allows(route, h->method)) {
		*wrong_method = (struct answer){ .status = 405,
			.code = "method_not_allowed",
			.message = "this path does not take that method",
			.allow = route_allowed(route) };
		return wrong_method;
	}
	return h->method == HTTP_OPTIONS ? judge_options(in, c, h) : NULL;
}

/* hooks.head */
static void
on_head(struct conn *c, const struct http_head *h, void *arg)
{
	struct ingest *in = arg;
	const struct route *route = route_find(h->path);
	struct answer wrong_method;
	const struct answer *a = judge(in, c, h, route, &wrong_method);
	struct request *r;

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
	c->owner = r;
	if (!route_stores(route))
		return;
	a = judge_events(r, h);
	if (a != NULL) {
		conn_refuse(c, a);
		return;
	}
	c->body = &r->body;
	c->gzip = r->gzip.open ? &r->gzip : NULL;
}

/* ---- life --------------------------------------------------------------------------- */

/* Without write keys only this machine may post. */
static int
check_open_listen(const struct ingest_options *o, struct err *e)
{
	for (size_t i = 0; i < o->n_listen; i++) {
		struct listen_address address;

		if (listen_parse(o->listen[i], &address, e) != 0)
			return -1;
		if (address.local)
			continue;
		for (size_t k = 0; k < o->n_sites; k++)
			if (o->sites[k].n_write_keys == 0)
				return err_set(e, ERR_INPUT,
				    "other machines can reach %s: set write_keys for site \"%s\", "
				    "or listen on a loopback address or a unix socket",
				    o->listen[i], o->sites[k].name);
	}
	return 0;
}

static int
check_options(const struct ingest_options *o, struct err *e)
{
	if (o->n_sites == 0)
		return err_set(e, ERR_INPUT, "ingest: there is no site");
	if (o->n_listen == 0)
		return err_set(e, ERR_INPUT, "ingest: `listen` names no address");
	return check_open_listen(o, e);
}

static int
open_server(
    struct ingest *in, const struct ingest_options *o, struct event_base *base, struct err *e)
{
	const struct server_options so = {
		.max_body = o->max_body,
		.limits = { .max_bytes = o->max_header_bytes, .max_headers = o->max_headers },
		.max_connections = o->max_connections,
		.max_buffered_bytes = o->max_buffered_bytes,
		.request_timeout_ms = o->request_timeout_ms,
		.idle_timeout_ms = o->idle_timeout_ms,
		.clock = o->clock,
	};
	const struct server_hooks hooks = { on_head, request_on_body, request_on_gone, in };

	if (server_new(&so, &hooks, base, &in->server, e) != 0)
		return -1;
	for (size_t i = 0; i < o->n_listen; i++)
		if (server_listen(in->server, o->listen[i], e) != 0)
			return -1;
	return 0;
}

int
ingest_new(const struct ingest_options *o, struct event_base *base, struct outbox *outbox,
    struct ingest **ret_ingest, struct err *e)
{
	struct ingest *in;

	if (check_options(o, e) != 0)
		return -1;
	in = calloc(1, sizeof(*in));
	if (in == NULL)
		return err_nomem(e);
	in->outbox = outbox;
	in->clock = o->clock;
	in->max_event = o->max_event;
	in->max_message_id = o->max_message_id;
	in->wake_fd = -1;
	if (auth_new(o->sites, o->n_sites, &in->auth, e) != 0
	    || webhook_new(o->sites, o->n_sites, &in->webhook, e) != 0
	    || bento_keys_new(o->sites, o->n_sites, &in->native, e) != 0
	    || admission_new(o->sites, o->n_sites, &in->admission, e) != 0
	    || request_open(in, base, e) != 0 || open_server(in, o, base, e) != 0) {
		ingest_free(in);
		return -1;
	}
	*ret_ingest = in;
	return 0;
}

const char *
ingest_address(const struct ingest *in, size_t i)
{
	return server_address(in->server, i);
}

static void
free_keys(struct auth *auth, struct webhook *webhook, struct bento_keys *native)
{
	auth_free(auth);
	webhook_free(webhook);
	bento_keys_free(native);
}

int
ingest_reload_sites(
    struct ingest *in, const struct ingest_site_options *sites, size_t n, struct err *e)
{
	struct webhook *webhook = NULL;
	struct admission *admission = NULL;
	struct bento_keys *native = NULL;
	struct auth *auth = NULL;

	if (auth_new(sites, n, &auth, e) != 0 || webhook_new(sites, n, &webhook, e) != 0
	    || bento_keys_new(sites, n, &native, e) != 0
	    || admission_new(sites, n, &admission, e) != 0) {
		free_keys(auth, webhook, native);
		return -1;
	}
	free_keys(in->auth, in->webhook, in->native);
	admission_free(in->admission);
	in->admission = admission;
	in->auth = auth;
	in->webhook = webhook;
	in->native = native;
	in->renewals++;
	return 0;
}

int
ingest_judge(struct ingest *in, int64_t site_id, struct segment_request *r, struct err *e)
{
	r->shape = SEGMENT_SINGLE;
	r->path_kind = KIND_UNKNOWN;
	r->received_at = clock_wall(in->clock);
	r->max_depth = JSON_MAX_DEPTH;
	r->max_event = in->max_event;
	r->max_message_id = in->max_message_id;
	if (segment_parse(r, e) != 0)
		return -1;
	admission_apply(in->admission, site_id, r, false);
	return 0;
}

void
ingest_stop(struct ingest *in, int64_t deadline_ms, void (*stopped)(void *arg), void *arg)
{
	in->stopping = true;
	server_stop(in->server, deadline_ms, stopped, arg);
}

void
ingest_free(struct ingest *in)
{
	if (in == NULL)
		return;
	if (in->server != NULL)
		server_close(in->server);
	request_close(in);
	server_free(in->server); /* after the requests, which are charged to its quota */
	free_keys(in->auth, in->webhook, in->native);
	admission_free(in->admission);
	free(in);
}
