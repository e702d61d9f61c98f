/*
 * One connection of the load generator: a non-blocking state machine that connects, writes a
 * request and reads its answer. A broken connection is reported as CONN_LOST.
 */
#include "load/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

static enum conn_event
lost(struct conn *c)
{
	c->had_request = c->state == CONN_WRITING || c->state == CONN_READING;
	conn_close(c);
	return CONN_LOST;
}

void
conn_close(struct conn *c)
{
	if (c->state != CONN_DOWN)
		wire_close(&c->wire);
	c->state = CONN_DOWN;
}

static enum conn_event
shake_hands(struct conn *c)
{
	int rc = wire_shake_hands(&c->wire, &c->shaking);

	if (rc < 0) {
		conn_close(c);
		errno = EPROTO;
		return CONN_REFUSED;
	}
	c->state = rc == 1 ? CONN_READY : CONN_SHAKING;
	return rc == 1 ? CONN_CONNECTED : CONN_NOTHING;
}

enum conn_event
conn_connect(struct conn *c, const struct sockaddr *address, socklen_t n)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, saved;

	if (fd < 0 || wire_open(&c->wire, fd, c->tls) != 0)
		return CONN_REFUSED;
	if (address->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->wants = 0;
	if (connect(fd, address, n) == 0)
		return shake_hands(c);
	if (errno == EINPROGRESS) {
		c->state = CONN_CONNECTING;
		return CONN_NOTHING;
	}
	saved = errno;
	wire_close(&c->wire);
	errno = saved;
	return CONN_REFUSED;
}

static enum conn_event
finish_connect(struct conn *c)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(c->wire.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error != 0) {
		conn_close(c);
		errno = error;
		return CONN_REFUSED;
	}
	return shake_hands(c);
}

static enum conn_event
write_request(struct conn *c)
{
	const struct buf *b = &c->payload.request;

	while (c->written < b->n) {
		ssize_t n = wire_send(&c->wire, b->p + c->written, b->n - c->written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return CONN_NOTHING;
		if (n < 0)
			return lost(c);
		c->written += (size_t)n;
	}
	c->state = CONN_READING;
	return CONN_NOTHING;
}

enum conn_event
conn_send(struct conn *c)
{
	c->state = CONN_WRITING;
	c->written = 0;
	c->n_head = 0;
	c->in_body = false;
	return write_request(c);
}

static const char *
find_header(const char *head, const char *name)
{
	size_t n = strlen(name);
	const char *line = strstr(head, "\r\n");

	for (; line != NULL; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, n) == 0)
			return line + 2 + n + strspn(line + 2 + n, " ");
	return NULL;
}

/* Parses the complete, NUL-terminated head. Returns 0, or -1 when it is not a valid answer. */
static int
parse_head(struct conn *c)
{
	const char *length = find_header(c->head, "content-length:");
	const char *connection = find_header(c->head, "connection:");

	if (strncmp(c->head, "HTTP/1.1 ", 9) != 0)
		return -1;
	c->status = (unsigned)strtoul(c->head + 9, NULL, 10);
	if (length == NULL && c->status != 204)
		return -1;
	c->body_left = length == NULL ? 0 : strtoull(length, NULL, 10);
	c->closes = connection != NULL && strncasecmp(connection, "close", 5) == 0;
	c->in_body = true;
	return 0;
}

/* Takes n new bytes. Returns 1 when the answer is complete, 0 when more bytes must come, -1 when it
 * is broken. */
static int
take_bytes(struct conn *c, size_t n)
{
	char *end;
	size_t n_all = c->n_head + n;

	if (c->in_body) {
		c->body_left -= n < c->body_left ? n : c->body_left;
		return c->body_left == 0;
	}
	c->head[n_all] = '\0';
	end = strstr(c->head, "\r\n\r\n");
	if (end == NULL) {
		c->n_head = n_all;
		return n_all + 1 < sizeof(c->head) ? 0 : -1;
	}
	*end = '\0';
	if (parse_head(c) != 0)
		return -1;
	n = n_all - (size_t)(end + 4 - c->head);
	c->n_head = 0;
	return take_bytes(c, n);
}

static enum conn_event
read_answer(struct conn *c)
{
	for (;;) {
		ssize_t n =
		    wire_recv(&c->wire, c->head + c->n_head, sizeof(c->head) - 1 - c->n_head);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return CONN_NOTHING;
		/* bytes without a request are treated like a broken connection */
		if (n <= 0 || c->state == CONN_READY)
			return lost(c);
		rc = take_bytes(c, (size_t)n);
		if (rc < 0)
			return lost(c);
		if (rc == 0)
			continue;
		c->state = CONN_READY;
		if (c->closes)
			conn_close(c);
		return CONN_ANSWERED;
	}
}

enum conn_event
conn_step(struct conn *c)
{
	switch (c->state) {
	case CONN_DOWN:
		return CONN_NOTHING;
	case CONN_CONNECTING:
		return finish_connect(c);
	case CONN_SHAKING:
		return shake_hands(c);
	case CONN_WRITING:
		return write_request(c);
	case CONN_READY:
	case CONN_READING:
		return read_answer(c);
	}
	return CONN_NOTHING;
}

uint32_t
conn_wants(const struct conn *c)
{
	if (c->state == CONN_SHAKING)
		return c->shaking;
	return c->state == CONN_CONNECTING || c->state == CONN_WRITING ? EPOLLOUT : EPOLLIN;
}
