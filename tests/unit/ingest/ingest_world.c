/* A server with its fake outbox, its clock and clients on loopback, for tests of ingest. */
#include "lib/unit.h"

#include "unit/ingest/ingest_world.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listen.h"

#define PATIENCE_MS 10000
#define WORLD_BEGIN_MS INT64_C(1785587696000) /* 2026-08-01 */

/* ---- the world ------------------------------------------------------------------------------- */

static int64_t
world_wall(void *arg)
{
	return WORLD_BEGIN_MS + ((struct world *)arg)->clock_offset;
}

static int64_t
world_mono(void *arg)
{
	return 1 + ((struct world *)arg)->clock_offset;
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	((struct world *)arg)->n_beats++;
}

static const struct ingest_site_options one_site = { .site_id = 1, .name = "main" };

struct world *
world_new(void)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	const struct timeval period = { 0, 2000 };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->clock = (struct clock){ .wall_ms = world_wall, .mono_ms = world_mono, .arg = w };
	w->base = event_base_new();
	w->beat = event_new(w->base, -1, EV_PERSIST, on_beat, w);
	event_add(w->beat, &period);
	w->outbox = ingest_outbox_new();
	w->o = (struct ingest_options){
		.listen = addresses,
		.n_listen = 1,
		.max_body = 4194304,
		.max_header_bytes = 8192,
		.max_headers = 64,
		.max_connections = 256,
		.max_buffered_bytes = 64 << 20,
		.request_timeout_ms = 20000,
		.idle_timeout_ms = 60000,
		.sites = &one_site,
		.n_sites = 1,
		.clock = &w->clock,
	};
	return w;
}

void
world_open(struct world *w)
{
	struct err e;

	if (ingest_new(&w->o, w->base, w->outbox, &w->ingest, &e) != 0)
		fail_msg("%s", e.text);
}

struct world *
world_start(bool keys)
{
	static const char *const keys_a[] = { "alpha", "alpha2" };
	static const char *const keys_b[] = { "beta" };
	static const struct ingest_site_options two_sites[] = {
		{ .site_id = 7, .name = "a", .write_keys = keys_a, .n_write_keys = 2 },
		{ .site_id = 8, .name = "b", .write_keys = keys_b, .n_write_keys = 1 },
	};
	struct world *w = world_new();

	if (keys) {
		w->o.sites = two_sites;
		w->o.n_sites = 2;
	}
	world_open(w);
	return w;
}

void
world_free(struct world *w)
{
	ingest_outbox_free(w->outbox);
	ingest_free(w->ingest);
	event_free(w->beat);
	event_base_free(w->base);
	free(w);
}

void
world_wait_ms(struct world *w, int64_t ms)
{
	w->clock_offset += ms;
}

void
world_run_until(struct world *w, bool (*test)(void *arg), void *arg, const char *what)
{
	int64_t deadline = clock_mono(&clock_system) + PATIENCE_MS;

	while (!test(arg)) {
		if (clock_mono(&clock_system) > deadline)
			fail_msg("waited in vain for %s", what);
		event_base_loop(w->base, EVLOOP_ONCE);
	}
}

struct wanted {
	struct outbox *outbox;
	const char *outcome;
	int64_t requests;
};

static bool
is_counted(void *arg)
{
	const struct wanted *wanted = arg;

	return ingest_outbox_requests(wanted->outbox, wanted->outcome) == wanted->requests;
}

void
world_expect_count(struct world *w, const char *outcome, int64_t requests)
{
	struct wanted wanted = { w->outbox, outcome, requests };

	world_run_until(w, is_counted, &wanted, outcome);
}

void
world_run_a_while(struct world *w)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(w->base, EVLOOP_ONCE);
}

unsigned
world_count_rounds(struct world *w)
{
	unsigned end = w->n_beats + 20, rounds = 0;

	for (; w->n_beats < end; rounds++)
		event_base_loop(w->base, EVLOOP_ONCE);
	return rounds;
}

struct count {
	struct outbox *outbox;
	unsigned n;
};

static bool
are_waiting(void *arg)
{
	const struct count *c = arg;

	return ingest_outbox_pending(c->outbox) >= c->n;
}

static bool
are_given_back(void *arg)
{
	const struct count *c = arg;

	return ingest_outbox_given_back(c->outbox) >= c->n;
}

void
world_run_until_waiting(struct world *w, unsigned n)
{
	world_run_until(w, are_waiting, &(struct count){ w->outbox, n }, "requests at the outbox");
}

void
world_run_until_given_back(struct world *w, unsigned n)
{
	world_run_until(
	    w, are_given_back, &(struct count){ w->outbox, n }, "requests back from the outbox");
}

/* ---- clients --------------------------------------------------------------------------------- */

static ssize_t
send_plain(struct client *c, const char *p, size_t n)
{
	return send(c->fd, p, n, MSG_NOSIGNAL);
}

static ssize_t
recv_plain(struct client *c, char *to, size_t n)
{
	return recv(c->fd, to, n, 0);
}

struct client *
client_new(struct world *w, size_t i)
{
	struct client *c = calloc(1, sizeof(*c));
	const char *text = ingest_address(w->ingest, i);
	struct listen_address a;

	assert_non_null(c);
	assert_non_null(text);
	if (strncmp(text, "http", 4) == 0)
		text = strstr(text, "://") + 3;
	assert_int_equal(listen_parse(text, &a, NULL), 0);
	c->w = w;
	c->send = send_plain;
	c->recv = recv_plain;
	c->fd = socket(a.sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	if (connect(c->fd, (struct sockaddr *)&a.sockaddr, a.size) != 0) {
		struct pollfd p = { .fd = c->fd, .events = POLLOUT };

		assert_int_equal(errno, EINPROGRESS);
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	}
	/* head and body come in two sends */
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return c;
}

void
client_free(struct client *c)
{
	close(c->fd);
	free(c);
}

struct sending {
	struct client *c;
	const char *p;
	size_t n;
};

static bool
is_sent(void *arg)
{
	struct sending *s = arg;
	ssize_t n = s->c->send(s->c, s->p, s->n);

	if (n > 0) {
		s->p += n;
		s->n -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN) {
		s->n = 0; /* the server has closed the connection: the test notices that when it
			     reads */
	}
	client_read(s->c);
	return s->n == 0;
}

void
client_send_bytes(struct client *c, const char *p, size_t n)
{
	if (n > 0)
		world_run_until(c->w, is_sent, &(struct sending){ c, p, n }, "room to send");
}

void
client_send(struct client *c, const char *text)
{
	client_send_bytes(c, text, strlen(text));
}

void
client_post(struct client *c, const char *path, const char *headers, const char *body)
{
	char head[2048];
	int n = snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n%s\r\n", path,
	    strlen(body), headers);

	assert_true(n > 0 && (size_t)n < sizeof(head));
	client_send(c, head);
	client_send(c, body);
}

size_t
client_read(struct client *c)
{
	ssize_t n = c->recv(c, c->got + c->n_got, sizeof(c->got) - 1 - c->n_got);

	if (n > 0)
		c->n_got += (size_t)n;
	else if (c->n_got < sizeof(c->got) - 1 && (n == 0 || errno != EAGAIN))
		c->closed = true;
	c->got[c->n_got] = '\0';
	return c->n_got;
}

/* ---- answers --------------------------------------------------------------------------------- */

struct expected {
	struct client *c;
	struct response *r;
};

/* Takes one response; returns false when it is not complete. */
static bool
take_response(struct client *c, struct response *r)
{
	const char *end = strstr(c->got, "\r\n\r\n"), *length;
	size_t head, body = 0;

	if (end == NULL)
		return false;
	head = (size_t)(end - c->got) + 4;
	length = strstr(c->got, "Content-Length: ");
	if (length != NULL && length < end)
		body = strtoul(length + 16, NULL, 10);
	if (strncmp(c->got, "HTTP/1.1 100", 12) == 0 || r->status == -1)
		body = 0;
	if (c->n_got < head + body)
		return false;
	assert_true(head < sizeof(r->head) && body < sizeof(r->body));
	memcpy(r->head, c->got, head);
	r->head[head] = '\0';
	memcpy(r->body, c->got + head, body);
	r->body[body] = '\0';
	assert_int_equal(sscanf(r->head, "HTTP/1.1 %d ", &r->status), 1);
	c->n_got -= head + body;
	memmove(c->got, c->got + head + body, c->n_got + 1);
	return true;
}

static bool
has_response(void *arg)
{
	const struct expected *x = arg;

	client_read(x->c);
	return take_response(x->c, x->r);
}

/* A caller that sent HEAD sets ret_response->status to -1 before the call: then no body follows. */
void
client_answer(struct client *c, struct response *ret_response)
{
	world_run_until(c->w, has_response, &(struct expected){ c, ret_response }, "an answer");
}

void
client_expect(struct client *c, int status, struct response *ret_response)
{
	struct response r = { 0 };

	client_answer(c, &r);
	if (r.status != status)
		fail_msg("%d expected: %s%s", status, r.head, r.body);
	if (ret_response != NULL)
		*ret_response = r;
}

static bool
is_closed(void *arg)
{
	struct client *c = arg;

	client_read(c);
	return c->closed;
}

void
client_expect_end(struct client *c)
{
	world_run_until(c->w, is_closed, c, "the end of the connection");
	if (c->n_got != 0)
		fail_msg("something came before the end: %s", c->got);
}

void
client_expect_silence(struct client *c)
{
	world_run_a_while(c->w);
	if (client_read(c) != 0)
		fail_msg("nobody expected: %s", c->got);
	assert_false(c->closed);
}

void
response_has(const struct response *r, const char *line)
{
	const char *at = strstr(r->head, line);

	if (at == NULL || at[-1] != '\n' || strncmp(at + strlen(line), "\r\n", 2) != 0)
		fail_msg("no \"%s\" in: %s", line, r->head);
}

void
response_has_not(const struct response *r, const char *part)
{
	if (strstr(r->head, part) != NULL)
		fail_msg("\"%s\" in: %s", part, r->head);
}
