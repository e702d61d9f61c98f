/*
 * Starts, reloads and stops ingest: checks the options, reads keys and secrets into tables, and
 * opens the server. A reload replaces all tables, or none. request.c has the path of a request.
 * Fails on options that contradict each other, on addresses that cannot be bound, and without
 * memory.
 */
#include "ingest/ingest.h"

#include <stdlib.h>

#include "event/json/json.h"
#include "ingest/request.h"
#include "ingest/request_pool.h"
#include "ingest/writer_link.h"

/* ---- setup and release -------------------------------------------------------------- */

/* A site without write keys accepts every request, so only this machine may reach it. */
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
			if (o->sites[k].n_write_keys == 0 && o->sites[k].n_client_names == 0)
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

static void
on_turned_away(int fd, const struct answer *why, void *arg)
{
	const struct ingest *in = arg;

	refusals_add(in->refusals, why->code, why->message, fd);
}

static int
open_server(
    struct ingest *in, const struct ingest_options *o, struct event_base *base, struct err *e)
{
	const struct server_options so = {
		.name = "ingest",
		.max_body = o->max_body,
		.limits = { .max_bytes = o->max_header_bytes, .max_headers = o->max_headers },
		.max_connections = o->max_connections,
		.max_buffered_bytes = o->max_buffered_bytes,
		.request_timeout_ms = o->request_timeout_ms,
		.idle_timeout_ms = o->idle_timeout_ms,
		.clock = o->clock,
	};
	const struct server_hooks hooks = { request_on_head, request_on_body, request_on_refused,
		request_on_gone, in, on_turned_away };

	if (server_new(&so, &hooks, base, &in->server, e) != 0)
		return -1;
	if (o->tls != NULL)
		server_use_tls(in->server, o->tls);
	for (size_t i = 0; i < o->n_listen; i++)
		if (server_listen(in->server, o->listen[i], o->inherited, e) != 0)
			return -1;
	return 0;
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *in = arg;

	(void)fd;
	(void)what;
	refusals_tick(in->refusals);
	if (in->server != NULL)
		server_keep_ticking(in->server);
}

static int
start_ticking(struct ingest *in, struct event_base *base, struct err *e)
{
	const struct timeval second = { .tv_sec = 1 };

	event_assign(&in->second, base, -1, EV_PERSIST, on_second, in);
	if (event_add(&in->second, &second) != 0)
		return err_set(e, ERR_SYSTEM, "ingest: cannot set a timer");
	in->ticking = true;
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
	    || bento_keys_new(o->sites, o->n_sites, &in->bento_keys, e) != 0
	    || boxes_new(o->sites, o->n_sites, &in->boxes, e) != 0
	    || client_names_new(o->sites, o->n_sites, &in->client_names, e) != 0
	    || admission_new(o->sites, o->n_sites, &in->admission, e) != 0
	    || refusals_new(outbox, o->clock, &in->refusals, e) != 0
	    || start_ticking(in, base, e) != 0 || writer_link_open(in, base, e) != 0
	    || open_server(in, o, base, e) != 0) {
		ingest_free(in);
		return -1;
	}
	*ret_ingest = in;
	return 0;
}

void
ingest_count(const struct ingest *in, struct ingest_requests *ret_requests)
{
	refusals_count(in->refusals, &ret_requests->accepted, &ret_requests->refused);
}

void
ingest_use_tls(struct ingest *in, struct tls_context *tls)
{
	server_use_tls(in->server, tls);
}

const struct word_counts *
ingest_outcomes(const struct ingest *in)
{
	return refusals_outcomes(in->refusals);
}

const char *
ingest_address(const struct ingest *in, size_t i)
{
	return server_address(in->server, i);
}

static void
free_keys(struct auth *auth, struct webhook *webhook, struct bento_keys *bento_keys,
    struct client_names *client_names, struct boxes *boxes)
{
	boxes_free(boxes);
	auth_free(auth);
	webhook_free(webhook);
	bento_keys_free(bento_keys);
	client_names_free(client_names);
}

int
ingest_reload_sites(
    struct ingest *in, const struct ingest_site_options *sites, size_t n, struct err *e)
{
	struct webhook *webhook = NULL;
	struct admission *admission = NULL;
	struct bento_keys *bento_keys = NULL;
	struct client_names *client_names = NULL;
	struct boxes *boxes = NULL;
	struct auth *auth = NULL;

	if (auth_new(sites, n, &auth, e) != 0 || webhook_new(sites, n, &webhook, e) != 0
	    || bento_keys_new(sites, n, &bento_keys, e) != 0
	    || client_names_new(sites, n, &client_names, e) != 0
	    || boxes_new(sites, n, &boxes, e) != 0 || admission_new(sites, n, &admission, e) != 0) {
		free_keys(auth, webhook, bento_keys, client_names, boxes);
		return -1;
	}
	free_keys(in->auth, in->webhook, in->bento_keys, in->client_names, in->boxes);
	admission_free(in->admission);
	in->admission = admission;
	in->auth = auth;
	in->webhook = webhook;
	in->bento_keys = bento_keys;
	in->boxes = boxes;
	in->client_names = client_names;
	in->generation++;
	return 0;
}

int
ingest_admit(struct ingest *in, int64_t site_id, struct segment_request *r, struct err *e)
{
	r->shape = SEGMENT_SINGLE;
	r->path_kind = KIND_UNKNOWN;
	r->clock_unset = clock_is_unset(in->clock);
	r->received_at = clock_wall(in->clock);
	r->max_depth = JSON_MAX_DEPTH;
	r->max_event = in->max_event;
	r->max_message_id = in->max_message_id;
	if (segment_parse(r, e) != 0)
		return -1;
	admission_apply(in->admission, site_id, r, false);
	return 0;
}

/* Called when no connection is left: sends the last counts to the writer, which still accepts
 * them. */
static void
on_stopped(void *arg)
{
	struct ingest *in = arg;

	refusals_tick(in->refusals);
	if (in->server != NULL)
		server_keep_ticking(in->server);
	in->stopped(in->stopped_arg);
}

void
ingest_stop(struct ingest *in, int64_t deadline_ms, void (*stopped)(void *arg), void *arg)
{
	in->stopped = stopped;
	in->stopped_arg = arg;
	server_stop(in->server, deadline_ms, on_stopped, in);
}

void
ingest_free(struct ingest *in)
{
	if (in == NULL)
		return;
	if (in->server != NULL)
		server_close(in->server);
	writer_link_close(in);
	if (in->ticking)
		event_del(&in->second);
	request_free_spare(in);
	server_free(in->server); /* after the requests, which are charged to its quota */
	free_keys(in->auth, in->webhook, in->bento_keys, in->client_names, in->boxes);
	admission_free(in->admission);
	refusals_free(in->refusals);
	free(in);
}
