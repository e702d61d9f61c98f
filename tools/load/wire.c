/* A socket, or OpenSSL on one. Errors of OpenSSL become EPROTO. */
#include "load/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ERR_STATE OPENSSL_ERR_STATE /* a code in base/err.h */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

struct wire_tls {
	SSL_CTX *context;
};

int
wire_tls_new(struct wire_tls **ret_tls, struct err *e)
{
	struct wire_tls *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->context = SSL_CTX_new(TLS_client_method())) == NULL) {
		free(t);
		return err_nomem(e);
	}
	SSL_CTX_set_mode(
	    t->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	*ret_tls = t;
	return 0;
}

void
wire_tls_free(struct wire_tls *t)
{
	if (t != NULL)
		SSL_CTX_free(t->context);
	free(t);
}

int
wire_open(struct wire *w, int fd, struct wire_tls *tls)
{
	*w = (struct wire){ .fd = fd };
	if (tls == NULL)
		return 0;
	w->ssl = SSL_new(tls->context);
	if (w->ssl == NULL || SSL_set_fd(w->ssl, fd) != 1) {
		wire_close(w);
		return -1;
	}
	SSL_set_connect_state(w->ssl);
	return 0;
}

void
wire_close(struct wire *w)
{
	SSL_free(w->ssl);
	w->ssl = NULL;
	close(w->fd);
}

int
wire_shake_hands(struct wire *w, uint32_t *ret_events)
{
	int rc, why;

	*ret_events = EPOLLIN;
	if (w->ssl == NULL)
		return 1;
	ERR_clear_error();
	rc = SSL_do_handshake(w->ssl);
	if (rc == 1)
		return 1;
	why = SSL_get_error(w->ssl, rc);
	if (why == SSL_ERROR_WANT_WRITE)
		*ret_events = EPOLLOUT;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t
result(const struct wire *w, int done, size_t n)
{
	int why;

	if (done == 1)
		return (ssize_t)n;
	why = SSL_get_error(w->ssl, done);
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

ssize_t
wire_send(struct wire *w, const char *p, size_t n)
{
	size_t sent = 0;
	int done;

	if (w->ssl == NULL)
		return send(w->fd, p, n, MSG_NOSIGNAL);
	ERR_clear_error();
	done = SSL_write_ex(w->ssl, p, n, &sent);
	return result(w, done, sent);
}

ssize_t
wire_recv(struct wire *w, char *to, size_t n)
{
	size_t got = 0;
	int done;

	if (w->ssl == NULL)
		return recv(w->fd, to, n, 0);
	ERR_clear_error();
	done = SSL_read_ex(w->ssl, to, n, &got);
	return result(w, done, got);
}
