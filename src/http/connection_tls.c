/*
 * The bytes of a connection, through TLS where its listener speaks it, and the handshake that comes
 * first. A handshake that fails counts as a refused request. A client that speaks HTTP without TLS
 * gets an answer that says so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "http/connection.h"
#include "tls/stream.h"

#define WHY_MAX 256

static const struct answer needs_tls = { .status = 400,
	.code = "tls_required",
	.message = "this address speaks TLS: begin the URL with https://" };
static const struct answer too_slow = { .status = 400,
	.code = "tls_timeout",
	.message = "the TLS handshake was not complete in time" };
static const struct answer no_room = { .status = 503,
	.code = "tls_busy",
	.message = "too many TLS handshakes are under way: the oldest ended for a new one" };

/* ---- bytes -------------------------------------------------------------------------- */

ssize_t
conn_receive(struct conn *c, char *to, size_t n)
{
	return c->tls == NULL ? recv(c->fd, to, n, 0) : tls_read(c->tls, to, n);
}

ssize_t
conn_send(struct conn *c, const char *p, size_t n)
{
	ssize_t sent = c->tls == NULL ? send(c->fd, p, n, MSG_NOSIGNAL) : tls_write(c->tls, p, n);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent;
}

bool
conn_has_more(const struct conn *c)
{
	return c->tls != NULL && tls_has_more(c->tls);
}

void
conn_end_sending(struct conn *c)
{
	if (c->tls != NULL)
		tls_end(c->tls);
	shutdown(c->fd, SHUT_WR);
}

const struct tls_names *
conn_client(const struct conn *c)
{
	return c->tls == NULL ? NULL : tls_client(c->tls);
}

bool
conn_is_local(const struct conn *c)
{
	return c->local;
}

bool
conn_is_tls(const struct conn *c)
{
	return c->tls != NULL;
}

void
conn_peer(const struct conn *c, struct sockaddr_storage *ret_peer)
{
	socklen_t n = sizeof(*ret_peer);

	memset(ret_peer, 0, sizeof(*ret_peer));
	if (getpeername(c->fd, (struct sockaddr *)ret_peer, &n) != 0
	    || ret_peer->ss_family == AF_UNIX)
		memset(ret_peer, 0, sizeof(*ret_peer));
}

/* ---- handshake ---------------------------------------------------------------------- */

static void
refuse(struct conn *c, const struct answer *a)
{
	c->server->hooks.refused(c, a, c->server->hooks.arg);
	conn_set_closed(c);
}

static void
refuse_handshake(struct conn *c, const char *code)
{
	char why[WHY_MAX];
	const struct answer a = { .status = 400, .code = code, .message = why };

	snprintf(why, sizeof(why), "the TLS handshake failed: %s", tls_failure(c->tls));
	refuse(c, &a);
}

/* What was received is not needed: the answer is the same to every request. */
static void
answer_plain(struct conn *c)
{
	tls_free(c->tls);
	c->tls = NULL;
	c->manner = (struct answer_manner){ 0 };
	conn_answer_early(c, &needs_tls);
}

static void
set_writing(struct conn *c, bool on)
{
	c->handshake_writes = on;
	if (!on)
		event_del(&c->write_event);
	else if (event_add(&c->write_event, NULL) != 0)
		conn_set_closed(c);
}

void
conn_shake_hands(struct conn *c)
{
	enum tls_progress progress = tls_shake_hands(c->tls);

	set_writing(c, progress == TLS_WANTS_WRITE);
	switch (progress) {
	case TLS_READY:
		conn_set_state(c, CONN_IDLE, c->server->o.idle_timeout_ms);
		if (c->server->stopping)
			conn_hurry(c);
		break;
	case TLS_WANTS_READ:
	case TLS_WANTS_WRITE:
		break;
	case TLS_UNUSED:
		conn_set_closed(c);
		break;
	case TLS_PLAIN:
		answer_plain(c);
		break;
	case TLS_WRONG_NAME:
		refuse_handshake(c, "tls_client_certificate");
		break;
	case TLS_FAILED:
		refuse_handshake(c, "tls_failed");
		break;
	}
}

void
conn_give_up_handshake(struct conn *c, bool late)
{
	refuse(c, late ? &too_slow : &no_room);
}
