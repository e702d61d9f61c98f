/*
 * The steps of a connection through one request: head, body, complete. Each step consumes input and
 * returns whether another may follow. Input that is malformed or ambiguous is answered, and the
 * connection is closed.
 */
#include "http/connection.h"

static const struct answer too_large = { .status = 413,
	.code = "body_too_large",
	.message = "the body is larger than max_body allows" };

static const struct answer bad_gzip = { .status = 400,
	.code = "invalid_gzip",
	.message = "the body is not valid gzip, or is followed by something else" };
static const struct answer cut_gzip = {
	.status = 400, .code = "invalid_gzip", .message = "the gzip body is cut off before its end"
};

static const struct answer speaks_tls = { .status = 400,
	.code = "tls_unexpected",
	.message = "the client speaks TLS, but this address is plain HTTP: begin the URL with "
		   "http://, or put tls: before the address in listen" };

/* A record of a TLS handshake begins with 22 and 3, and no request does (RFC 8446, 5.1). */
#define TLS_HANDSHAKE 22
#define TLS_MAJOR 3

static bool
is_tls(struct slice in)
{
	return in.n >= 2 && in.p[0] == TLS_HANDSHAKE && in.p[1] == TLS_MAJOR;
}

static void
answer_bad(struct conn *c, const char *why)
{
	const struct answer a = { .status = 400, .code = "bad_request", .message = why };

	conn_answer_early(c, &a);
}

static bool
step_idle(struct conn *c)
{
	struct slice in = conn_input(c);

	conn_consume(c, http_blank(in));
	in = conn_input(c);
	/* a lone carriage return may be half of an empty line; see is_tls */
	if (in.n == 0 || (in.n == 1 && (in.p[0] == '\r' || in.p[0] == TLS_HANDSHAKE)))
		return false;
	http_head_init(&c->head);
	conn_set_state(c, CONN_HEAD, c->server->o.request_timeout_ms);
	return true;
}

/* Returns the most bytes that a body may have as it arrives, which is before it is unpacked. */
static size_t
max_received(const struct conn *c)
{
	size_t max = c->server->o.max_body;

	return c->gzip == NULL ? max : gzip_max_packed(max);
}

static void
begin_body(struct conn *c)
{
	const struct http_head *h = &c->head;
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	bool waits = h->expect_continue && (h->chunked || h->content_length > 0) && c->in_n == 0;

	if (c->refused && waits) {
		conn_answer_early(c, &c->refusal);
		return;
	}
	if (h->content_length > max_received(c)) {
		conn_answer_early(c, c->refused ? &c->refusal : &too_large);
		return;
	}
	if (waits && conn_send(c, go_on, sizeof(go_on) - 1) != sizeof(go_on) - 1) {
		conn_set_closed(c);
		return;
	}
	http_chunks_init(&c->chunks);
	c->left = h->content_length;
	c->n_received = 0;
	c->state = CONN_BODY; /* deadline and place among the slow ones stay: they belong to the
				 request */
}

static bool
step_head(struct conn *c)
{
	size_t used;

	switch (http_head_read(&c->head, &c->server->o.limits, conn_input(c), &used)) {
	case HTTP_MORE:
		return false;
	case HTTP_BAD:
		c->manner = (struct answer_manner){ .close = true };
		if (is_tls(conn_input(c)))
			conn_answer_early(c, &speaks_tls);
		else
			answer_bad(c, c->head.error);
		return true;
	case HTTP_DONE:
		break;
	}
	c->manner = (struct answer_manner){
		.close = !c->head.keep_alive,
		.http10 = c->head.http10,
		.head_only = c->head.method == HTTP_HEAD,
	};
	c->server->hooks.head(c, &c->head, c->server->hooks.arg);
	conn_consume(c, used);
	begin_body(c);
	return true;
}

/* Unpacks the bytes into the body. Returns the answer that refuses the body, or NULL. */
static const struct answer *
unpack_data(struct conn *c, struct slice data)
{
	const struct server *s = c->server;

	switch (gzip_unpack(c->gzip, data, c->body, &c->server->quota, s->o.max_body)) {
	case GZIP_OK:
		return NULL;
	case GZIP_BAD:
		return &bad_gzip;
	case GZIP_TOO_LARGE:
		return &too_large;
	case GZIP_NO_ROOM:
		break;
	}
	return &conn_no_room;
}

/* Returns -1 when the bytes cannot be stored; the request has then been answered. */
static int
keep_data(struct conn *c, struct slice data)
{
	const struct answer *wrong = NULL;

	if (c->body == NULL)
		return 0;
	if (c->gzip != NULL)
		wrong = unpack_data(c, data);
	else if (body_append(
		     c->body, &c->server->quota, data.p, data.n, (size_t)c->head.content_length)
		 != 0)
		wrong = &conn_no_room;
	if (wrong == NULL)
		return 0;
	conn_answer_early(c, wrong);
	return -1;
}

static void
complete(struct conn *c)
{
	conn_set_state(c, CONN_WAIT, c->server->o.answer_timeout_ms);
	if (c->gzip != NULL && !gzip_is_complete(c->gzip))
		conn_refuse(c, &cut_gzip);
	if (!c->refused) {
		c->server->hooks.body(c, c->server->hooks.arg);
		return;
	}
	conn_detach(c);
	conn_answer(c, &c->refusal);
}

static bool
step_chunks(struct conn *c)
{
	struct slice data;
	size_t used;
	enum http_result result =
	    http_chunks_read(&c->chunks, &c->server->o.limits, conn_input(c), &data, &used);

	if (result == HTTP_BAD) {
		answer_bad(c, c->chunks.error);
		return true;
	}
	c->n_received += data.n;
	if (c->n_received > max_received(c)) {
		conn_answer_early(c, &too_large);
		return true;
	}
	if (keep_data(c, data) != 0)
		return true;
	conn_consume(c, used);
	if (result == HTTP_DONE)
		complete(c);
	return result == HTTP_DONE || c->in_n > 0;
}

static bool
step_body(struct conn *c)
{
	struct slice data = conn_input(c);

	if (c->head.chunked)
		return step_chunks(c);
	if (data.n > c->left)
		data.n = (size_t)c->left;
	if (keep_data(c, data) != 0)
		return true;
	conn_consume(c, data.n);
	c->left -= data.n;
	if (c->left > 0)
		return false;
	complete(c);
	return true;
}

/* Takes one step; returns whether another may follow. */
bool
conn_step(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		return step_idle(c);
	case CONN_HEAD:
		return step_head(c);
	case CONN_BODY:
		return step_body(c);
	case CONN_HANDSHAKE:
	case CONN_WAIT:
	case CONN_WRITE:
	case CONN_LINGER:
	case CONN_CLOSED:
		break;
	}
	return false;
}
