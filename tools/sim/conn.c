/* One connection of the simulator: reads requests, applies faults and writes answers. A broken
 * connection is closed. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/isotime.h"
#include "sim/reply.h"
#include "sim/server_private.h"

#define READ_LEAST 16384
#define READ_MOST ((size_t)4 << 20)
#define KEEP_MOST ((size_t)4 << 20) /* bytes that an idle connection keeps */

static const struct timeval silence = { .tv_sec = SERVER_SILENCE_S };

static void conn_run(struct conn *c);

static void
reset_on_close(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

void
conn_close(struct conn *c, bool resets)
{
	LIST_REMOVE(c, link);
	c->server->n_conns--;
	if (c->on_read != NULL)
		event_free(c->on_read);
	if (c->on_write != NULL)
		event_free(c->on_write);
	if (c->on_time != NULL)
		event_free(c->on_time);
	if (resets)
		reset_on_close(c->fd);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->head);
	buf_free(&c->out);
	free(c);
}

/* ---- reading ------------------------------------------------------------------------------ */

static size_t
bytes_to_read(const struct conn *c)
{
	size_t whole = c->head_n + c->request.head.content_length;
	size_t n = READ_LEAST;

	if (c->state == CONN_BODY && whole > c->in.n + n)
		n = whole - c->in.n;
	return n < READ_MOST ? n : READ_MOST;
}

/* Returns 1 when bytes arrived, 0 when none did yet, -1 at the end. */
static int
read_some(struct conn *c)
{
	size_t room = bytes_to_read(c);
	char *to = buf_reserve(&c->in, room);
	ssize_t n;

	if (to == NULL)
		return -1;
	do
		n = recv(c->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	c->in.n += (size_t)n;
	return n == 0 ? -1 : 1;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	int rc;

	(void)fd;
	if (what & EV_TIMEOUT) {
		conn_close(c, false);
		return;
	}
	rc = read_some(c);
	if (rc < 0)
		conn_close(c, false);
	else if (c->state == CONN_DRAIN)
		buf_clear(&c->in);
	else if (rc > 0)
		conn_run(c);
}

/* ---- answering ---------------------------------------------------------------------------- */

static void
wait_for(struct conn *c, enum conn_state state, struct event *event, const struct timeval *tv)
{
	c->state = state;
	event_del(c->on_read);
	event_add(event, tv);
}

static void
note(struct conn *c, unsigned status)
{
	struct err e;

	c->request.body = SLICE_NONE;
	if (sim_cut_off(c->server->sim, &c->request, status, &e) != 0)
		server_fail(c->server, &e);
}

/* Answers a request whose body is not read; the connection then ends. */
static void
refuse(struct conn *c, unsigned status, const char *message)
{
	struct sim_reply reply = { .retry_after = -1, .content_type = "application/json" };

	buf_init(&reply.body, SIM_MAX_REPLY);
	sim_reply_error(&reply, status, message);
	buf_clear(&c->out);
	reply_append(&c->out, &reply, NULL, true);
	buf_free(&reply.body);
	c->out_limit = c->out.n;
	c->out_done = 0;
	c->closes = c->drains = true;
	c->state = CONN_WRITE;
}

/* Answers a request that was read completely. */
static void
make_answer(struct conn *c)
{
	const struct fault_effect *effect = &c->request.effect;
	struct sim_reply reply = { .retry_after = -1, .content_type = "application/json" };
	struct server *s = c->server;
	struct err e;

	buf_init(&reply.body, SIM_MAX_REPLY);
	if (sim_answer(s->sim, &c->request, &reply, &e) != 0)
		server_fail(s, &e);
	c->closes = c->request.head.closes || effect->close || effect->truncate >= 0;
	buf_clear(&c->out);
	reply_append(&c->out, &reply, effect, c->request.head.closes);
	buf_free(&reply.body);
	c->out_limit = c->out.n;
	if (effect->truncate >= 0 && (size_t)effect->truncate < c->out.n)
		c->out_limit = (size_t)effect->truncate;
	c->out_done = 0;
	c->state = CONN_WRITE;
	if (c->request.n == 0)
		server_check_faults(s);
}

static void
answer(struct conn *c)
{
	const struct fault_effect *effect = &c->request.effect;

	c->request.body = (struct slice){ c->in.p + c->head_n, c->request.head.content_length };
	make_answer(c);
	if (effect->delay > 0) {
		struct timeval tv = { .tv_sec = effect->delay / 1000,
			.tv_usec = effect->delay % 1000 * 1000 };

		wait_for(c, CONN_DELAY, c->on_time, &tv);
	}
}

static void
on_delay_over(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	c->state = CONN_WRITE;
	event_add(c->on_read, &silence);
	conn_run(c);
}

/* Makes room for the next request, part of which may have arrived. */
static void
next_request(struct conn *c)
{
	size_t used = c->head_n + c->request.head.content_length;
	size_t rest = c->in.n - used;

	memmove(c->in.p, c->in.p + used, rest);
	buf_truncate(&c->in, rest);
	if (rest == 0 && c->in.cap > KEEP_MOST)
		buf_free(&c->in);
	c->head_n = 0;
	c->state = CONN_HEAD;
}

/* Returns true when the connection is ready for the next request; otherwise it may be closed. */
static bool
write_answer(struct conn *c)
{
	if (c->request.effect.reset != FAULT_RESET_NONE) {
		conn_close(c, true);
		return false;
	}
	while (c->out_done < c->out_limit) {
		ssize_t n =
		    send(c->fd, c->out.p + c->out_done, c->out_limit - c->out_done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			wait_for(c, CONN_WRITE, c->on_write, &silence);
			return false;
		}
		if (n < 0) {
			conn_close(c, false);
			return false;
		}
		c->out_done += (size_t)n;
	}
	if (c->drains) {
		/* closing with unread bytes would reset the connection and lose the answer */
		shutdown(c->fd, SHUT_WR);
		c->state = CONN_DRAIN;
		return false;
	}
	if (c->closes) {
		conn_close(c, false);
		return false;
	}
	next_request(c);
	return true;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	if (what & EV_TIMEOUT) {
		conn_close(c, false);
		return;
	}
	event_add(c->on_read, &silence);
	conn_run(c);
}

/* ---- a request's way ---------------------------------------------------------------------- */

static void
send_continue(struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	/* 25 bytes into an empty socket buffer: if that fails, the client is gone */
	if (send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		shutdown(c->fd, SHUT_RDWR);
}

/* Decides, after a complete head, what the connection does next. Returns false when it was
 * closed. */
static bool
take_head(struct conn *c)
{
	struct sim_request *q = &c->request;
	struct err e;

	buf_clear(&c->head);
	buf_append(&c->head, c->in.p, c->head_n - 4);
	if (http_head_parse(buf_slice(&c->head), &q->head, &e) != 0) {
		refuse(c, 400, e.text);
		return true;
	}
	sim_begin(c->server->sim, q);
	if (q->effect.reset == FAULT_RESET_BEFORE_BODY) {
		note(c, 0);
		conn_close(c, true);
		return false;
	}
	if (q->head.chunked) {
		note(c, 411);
		refuse(c, 411, "Transfer-Encoding is not served: send Content-Length");
		return true;
	}
	if (q->head.content_length > c->server->sim->o->max_body) {
		note(c, 413);
		refuse(c, 413, "the body is too large");
		return true;
	}
	if (q->head.expects_continue && c->in.n < c->head_n + q->head.content_length)
		send_continue(c);
	c->state = CONN_BODY;
	return true;
}

/* Returns false when more bytes are needed, or when the connection was closed. */
static bool
find_head(struct conn *c)
{
	static const char tls[] = { 22, 3 }; /* how a client of TLS begins */
	const char *end = c->in.n < 4 ? NULL : memmem(c->in.p, c->in.n, "\r\n\r\n", 4);

	if (c->in.n >= sizeof(tls) && memcmp(c->in.p, tls, sizeof(tls)) == 0) {
		refuse(c, 400, "this address is plain HTTP: begin the URL with http://");
		return true;
	}
	if (end != NULL && end - c->in.p <= HTTP_MAX_HEAD) {
		c->head_n = (size_t)(end + 4 - c->in.p);
		return take_head(c);
	}
	if (end == NULL && c->in.n <= HTTP_MAX_HEAD)
		return false;
	refuse(c, 400, "the head is too large");
	return true;
}

static void
conn_run(struct conn *c)
{
	for (;;) {
		switch (c->state) {
		case CONN_HEAD:
			if (!find_head(c))
				return;
			break;
		case CONN_BODY:
			if (c->in.n < c->head_n + c->request.head.content_length)
				return;
			answer(c);
			break;
		case CONN_DELAY:
		case CONN_DRAIN:
			return;
		case CONN_WRITE:
			if (!write_answer(c))
				return;
			break;
		}
	}
}

void
conn_open(struct server *s, int fd, bool control)
{
	struct conn *c = calloc(1, sizeof(*c));
	int one = 1;

	if (c == NULL) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->server = s;
	c->control = control;
	c->fd = fd;
	buf_init(&c->in, s->sim->o->max_body + (size_t)HTTP_MAX_HEAD * 4);
	buf_init(&c->head, HTTP_MAX_HEAD);
	buf_init(&c->out, SIM_MAX_REPLY * 2);
	LIST_INSERT_HEAD(&s->conns, c, link);
	s->n_conns++;
	c->on_read = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->on_write = event_new(s->base, fd, EV_WRITE, on_writable, c);
	c->on_time = evtimer_new(s->base, on_delay_over, c);
	if (c->on_read == NULL || c->on_write == NULL || c->on_time == NULL
	    || event_add(c->on_read, &silence) != 0)
		conn_close(c, false);
}
