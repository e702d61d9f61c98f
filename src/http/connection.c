/*
 * One connection: reading into its buffer or straight into the body, writing answers, and its end.
 * The parsing steps are in connection_step.c. A broken or slow socket ends only this connection;
 * it is freed in one place, at the end of conn_run.
 */
#include "http/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/handshakes.h"
#include "tls/stream.h"

#define BODY_READ ((size_t)65536) /* bytes of a body that one recv reads */

const struct answer conn_no_room = { .status = 503,
	.code = "busy",
	.message = "the memory for waiting requests is full; try again",
	.retry_after = 1 };
/* Only counted and logged, because the client has closed the connection. */
static const struct answer cut_off = { .status = 400,
	.code = "cut_off",
	.message = "the client closed the connection in the middle of a request" };

/* ---- state -------------------------------------------------------------------------- */

static bool
waits_for_client(enum conn_state state)
{
	return state == CONN_HEAD || state == CONN_BODY || state == CONN_WRITE
	       || state == CONN_LINGER;
}

/* A request keeps its place among the slow ones from its first byte to its last. */
static void
move_among_slow(struct conn *c, enum conn_state state)
{
	struct server *s = c->server;
	bool was = waits_for_client(c->state), is = waits_for_client(state);

	if (was && !is) {
		TAILQ_REMOVE(&s->slow, c, queue);
	} else if (!was && is) {
		TAILQ_INSERT_TAIL(&s->slow, c, queue);
		c->since = s->now;
	}
}

void
conn_set_state(struct conn *c, enum conn_state state, int64_t wait_ms)
{
	struct server *s = c->server;

	if (c->state == CONN_IDLE)
		TAILQ_REMOVE(&s->idle, c, queue);
	if (c->state == CONN_HANDSHAKE) {
		TAILQ_REMOVE(&s->handshakes, c, queue);
		handshakes_ended(s);
	}
	move_among_slow(c, state);
	if (state == CONN_IDLE)
		TAILQ_INSERT_TAIL(&s->idle, c, queue);
	c->state = state;
	c->deadline = s->now + wait_ms;
}

void
conn_set_closed(struct conn *c)
{
	conn_set_state(c, CONN_CLOSED, 0);
}

void
conn_detach(struct conn *c)
{
	void *owner = c->owner;

	c->owner = NULL;
	c->body = NULL;
	c->gzip = NULL;
	if (owner != NULL)
		c->server->hooks.gone(owner, c->server->hooks.arg);
}

struct slice
conn_input(const struct conn *c)
{
	return (struct slice){ c->in == NULL ? "" : c->in + c->in_at, c->in_n };
}

void
conn_consume(struct conn *c, size_t n)
{
	c->in_n -= n;
	c->in_at = c->in_n == 0 ? 0 : c->in_at + n;
}

/* ---- answering ---------------------------------------------------------------------- */

static void
answered(struct conn *c)
{
	struct server *s = c->server;

	c->refused = false;
	c->served = true;
	if (!c->manner.close) {
		conn_set_state(c, CONN_IDLE, s->o.idle_timeout_ms);
		return;
	}
	if (c->eof || !(c->linger || c->in_n > 0 || conn_has_more(c))) {
		conn_set_closed(c);
		return;
	}
	conn_end_sending(c);
	conn_consume(c, c->in_n);
	conn_set_state(c, CONN_LINGER, SERVER_LINGER_MS);
}

static void
keep_output(struct conn *c, struct slice rest)
{
	c->out = malloc(rest.n);
	if (c->out == NULL || event_add(&c->write_event, NULL) != 0) {
		server_lacks_memory_to_answer(c->server);
		conn_set_closed(c);
		return;
	}
	memcpy(c->out, rest.p, rest.n);
	c->out_at = 0;
	c->out_n = rest.n;
	conn_set_state(c, CONN_WRITE, c->server->o.request_timeout_ms);
}

void
conn_answer(struct conn *c, const struct answer *a)
{
	struct slice text;
	ssize_t sent;

	if (a->status >= 400 && !a->probe)
		c->server->hooks.refused(c, a, c->server->hooks.arg);
	c->manner.close |= c->server->stopping;
	text = answers_print(&c->server->answers, a, &c->manner);
	sent = text.n == 0 ? -1 : conn_send(c, text.p, text.n);
	if (sent < 0)
		conn_set_closed(c);
	else if ((size_t)sent == text.n)
		answered(c);
	else
		keep_output(c, (struct slice){ text.p + sent, text.n - (size_t)sent });
}

void
conn_answer_early(struct conn *c, const struct answer *a)
{
	conn_detach(c);
	c->manner.close = true;
	c->linger = true;
	conn_answer(c, a);
}

void
conn_refuse(struct conn *c, const struct answer *a)
{
	c->refused = true;
	c->refusal = *a;
}

void
conn_allow_origin(struct conn *c, struct slice origin)
{
	if (origin.n >= sizeof(c->origin))
		return;
	memcpy(c->origin, origin.p, origin.n);
	c->manner.origin = (struct slice){ c->origin, origin.n };
}

void
conn_allow_headers(struct conn *c, const struct http_head *h)
{
	buf_clear(&c->allow);
	answers_append_allowed(&c->allow, h->request_headers);
	c->manner.preflight = true;
	c->manner.private_network = h->asks_private_network;
	c->manner.allow = buf_slice(&c->allow);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t sent;

	(void)fd;
	(void)what;
	server_touch(c->server);
	if (c->state == CONN_HANDSHAKE) {
		conn_shake_hands(c);
		conn_run(c);
		return;
	}
	sent = conn_send(c, c->out + c->out_at, c->out_n);
	if (sent < 0) {
		conn_set_closed(c);
	} else {
		c->out_at += (size_t)sent;
		c->out_n -= (size_t)sent;
	}
	if (c->state == CONN_WRITE && c->out_n == 0) {
		event_del(&c->write_event);
		free(c->out);
		c->out = NULL;
		answered(c);
	}
	conn_run(c);
}

/* ---- reading ------------------------------------------------------------------------ */

/* A connection that lingers has had its answer, and its request is counted. */
static void
end_without_memory(struct conn *c)
{
	if (c->state != CONN_LINGER)
		server_lacks_memory(c->server, c->fd);
	conn_set_closed(c);
}

static void
set_reading(struct conn *c, bool on)
{
	if (c->reading == on)
		return;
	if ((on ? event_add(&c->read_event, NULL) : event_del(&c->read_event)) != 0)
		end_without_memory(c);
	c->reading = on;
}

/* Interprets the result of recv; returns the number of bytes. */
static size_t
received(struct conn *c, ssize_t n)
{
	if (n > 0)
		return (size_t)n;
	if (n == 0)
		c->eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		c->eof = true; /* reset: no more bytes will arrive */
	return 0;
}

/* Whether the next bytes can be received directly into the body. */
static bool
goes_straight(const struct conn *c)
{
	return c->state == CONN_BODY && c->body != NULL && c->gzip == NULL && !c->head.chunked
	       && c->in_n == 0;
}

static void
fill_body(struct conn *c)
{
	struct body *b = c->body;
	size_t n = c->left < BODY_READ ? (size_t)c->left : BODY_READ;

	if (body_reserve(b, &c->server->quota, n, (size_t)c->head.content_length) != 0) {
		conn_answer_early(c, &conn_no_room);
		return;
	}
	n = received(c, conn_receive(c, b->p + b->n, n));
	b->n += n;
	c->left -= n;
}

static void
fill_input(struct conn *c)
{
	size_t size = c->server->buffer_size;

	if (c->in == NULL)
		c->in = server_take_buffer(c->server);
	if (c->in == NULL) {
		end_without_memory(c);
		return;
	}
	if (c->in_at > 0 && c->in_at + c->in_n == size) {
		memmove(c->in, c->in + c->in_at, c->in_n);
		c->in_at = 0;
	}
	if (c->in_n == size) {
		set_reading(c, false); /* until an answer makes room */
		return;
	}
	c->in_n +=
	    received(c, conn_receive(c, c->in + c->in_at + c->in_n, size - c->in_at - c->in_n));
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	server_touch(c->server);
	if (c->state == CONN_HANDSHAKE)
		conn_shake_hands(c);
	else if (goes_straight(c))
		fill_body(c);
	else
		fill_input(c);
	if (c->state == CONN_LINGER)
		conn_consume(c, c->in_n);
	conn_run(c);
}

/* ---- setup and release -------------------------------------------------------------- */

/* Puts a new connection into the list of its state. */
static void
begin(struct conn *c)
{
	struct server *s = c->server;

	if (c->tls == NULL) {
		c->state = CONN_IDLE;
		TAILQ_INSERT_TAIL(&s->idle, c, queue);
		c->deadline = s->now + s->o.idle_timeout_ms;
		return;
	}
	c->state = CONN_HANDSHAKE;
	TAILQ_INSERT_TAIL(&s->handshakes, c, queue);
	s->n_handshakes++;
	c->deadline = s->now + handshakes_limit_ms(s);
}

int
conn_new(const struct server_listener *l, int fd)
{
	struct server *s = l->server;
	struct tls_context *tls = l->listener.is_tls ? s->tls : NULL;
	struct conn *c = calloc(1, sizeof(*c));

	if (c != NULL && tls != NULL)
		c->tls = tls_open(tls, fd);
	if (c == NULL || (tls != NULL && c->tls == NULL)) {
		server_lacks_memory(s, fd);
		free(c);
		close(fd);
		return -1;
	}
	c->server = s;
	c->fd = fd;
	c->local = l->local;
	buf_init(&c->allow, ANSWER_ALLOW_MAX + 1);
	event_assign(&c->read_event, s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->write_event, s->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
	TAILQ_INSERT_TAIL(&s->all, c, all);
	s->n_conns++;
	begin(c);
	set_reading(c, true);
	if (c->state != CONN_CLOSED)
		return 0;
	conn_close(c);
	return -1;
}

void
conn_close(struct conn *c)
{
	struct server *s = c->server;

	conn_set_closed(c);
	conn_detach(c);
	event_del(&c->read_event);
	event_del(&c->write_event);
	if (c->tls != NULL)
		tls_end(c->tls);
	tls_free(c->tls);
	close(c->fd);
	if (c->in != NULL)
		server_give_buffer(s, c->in);
	free(c->out);
	buf_free(&c->allow);
	TAILQ_REMOVE(&s->all, c, all);
	free(c);
	server_conn_ended(s);
}

/* Whether the end of the client's bytes ends the connection. */
static bool
waits_for_bytes(const struct conn *c)
{
	if (c->state == CONN_WAIT)
		return c->server->o.ends_with_client;
	return c->state != CONN_WRITE;
}

/* Handles the end of what the client sends. */
static void
end_input(struct conn *c)
{
	if (c->state == CONN_HEAD || c->state == CONN_BODY)
		c->server->hooks.refused(c, &cut_off, c->server->hooks.arg);
	conn_set_closed(c);
}

void
conn_run(struct conn *c)
{
	while (conn_step(c))
		;
	if (c->eof && waits_for_bytes(c))
		end_input(c);
	if (c->state != CONN_CLOSED && (c->eof || c->in_n < c->server->buffer_size))
		set_reading(c, !c->eof && !c->handshake_writes);
	if (c->state == CONN_CLOSED) {
		conn_close(c);
		return;
	}
	if (c->in != NULL && c->in_n == 0) {
		server_give_buffer(c->server, c->in);
		c->in = NULL;
	}
	/* The socket does not become readable for bytes that TLS has taken from it already. */
	if (c->reading && conn_has_more(c))
		event_active(&c->read_event, EV_READ, 1);
}

void
conn_end_idle(struct conn *c)
{
	fill_input(c);
	if (c->in_n > 0 || c->eof || c->served) {
		if (c->in_n == 0 && !conn_has_more(c))
			conn_set_closed(c);
		conn_run(c);
	} else {
		conn_hurry(c);
	}
}
