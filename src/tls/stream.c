/*
 * One connection's SSL object on a BIO of our own. The BIO receives as many bytes as one record can
 * have with one recv, and OpenSSL takes the header and the body of a record out of these, so that a
 * request costs one recv and one send, as without TLS. After an error nothing is sent or read.
 */
#include "tls/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tls/context_private.h"

#define RAW_SIZE 16896 /* the largest record and its header, rounded up */
#define FAILURE_SIZE 192

struct tls_stream {
	SSL *ssl;
	int fd;
	char *raw; /* RAW_SIZE bytes; NULL while empty */
	size_t raw_at, raw_n;
	bool received; /* the client has sent something */
	bool eof;
	bool ready;  /* the handshake is complete */
	bool broken; /* an error: OpenSSL must not be asked again */
	bool ended;  /* tls_end was called */
	struct tls_names *client;
	char failure[FAILURE_SIZE];
};

/* ---- the BIO ------------------------------------------------------------------------ */

static int
receive(BIO *bio, struct tls_stream *s)
{
	ssize_t n;

	if (s->raw == NULL)
		s->raw = malloc(RAW_SIZE);
	if (s->raw == NULL) {
		errno = ENOMEM;
		return -1;
	}
	n = recv(s->fd, s->raw, RAW_SIZE, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	if (n > 0)
		s->received = true;
	s->eof = n == 0;
	s->raw_at = 0;
	s->raw_n = n > 0 ? (size_t)n : 0;
	return n > 0 ? 1 : (int)n;
}

static void
drop_empty(struct tls_stream *s)
{
	if (s->raw_n > 0)
		return;
	free(s->raw);
	s->raw = NULL;
}

static int
bio_read(BIO *bio, char *to, int room)
{
	struct tls_stream *s = BIO_get_data(bio);
	size_t n = (size_t)room;
	int rc = 1;

	BIO_clear_retry_flags(bio);
	if (s->raw_n == 0)
		rc = receive(bio, s);
	if (n > s->raw_n)
		n = s->raw_n;
	if (n > 0)
		memcpy(to, s->raw + s->raw_at, n);
	s->raw_at += n;
	s->raw_n -= n;
	drop_empty(s);
	return rc > 0 ? (int)n : rc;
}

static int
bio_write(BIO *bio, const char *from, int n)
{
	struct tls_stream *s = BIO_get_data(bio);
	ssize_t sent = send(s->fd, from, (size_t)n, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)sent;
}

static long
bio_ctrl(BIO *bio, int what, long number, void *arg)
{
	const struct tls_stream *s = BIO_get_data(bio);

	(void)number;
	(void)arg;
	if (what == BIO_CTRL_EOF)
		return s->eof;
	return what == BIO_CTRL_FLUSH;
}

/* Kept until the end of the process. */
const BIO_METHOD *
tls_stream_method(void)
{
	static BIO_METHOD *m;

	if (m != NULL)
		return m;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bentospool");
	if (m == NULL)
		return NULL;
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

/* ---- setup and release -------------------------------------------------------------- */

struct tls_stream *
tls_open(struct tls_context *context, int fd)
{
	struct tls_stream *s = calloc(1, sizeof(*s));
	BIO *bio = s == NULL ? NULL : BIO_new(tls_stream_method());

	if (bio == NULL || (s->ssl = SSL_new(context->ssl)) == NULL) {
		BIO_free(bio);
		free(s);
		return NULL;
	}
	s->fd = fd;
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_accept_state(s->ssl);
	return s;
}

void
tls_free(struct tls_stream *s)
{
	if (s == NULL)
		return;
	SSL_free(s->ssl);
	free(s->raw);
	free(s->client);
	free(s);
}

/* ---- handshake ---------------------------------------------------------------------- */

static enum tls_progress
fail(struct tls_stream *s, enum tls_progress progress, const char *why)
{
	s->broken = true;
	snprintf(s->failure, sizeof(s->failure), "%s", why);
	return progress;
}

/* Whose fault it is: an alert comes from the client. */
static enum tls_progress
fail_by_reason(struct tls_stream *s, unsigned long code)
{
	const char *text = ERR_reason_error_string(code);
	char why[FAILURE_SIZE];
	int reason = ERR_GET_REASON(code);

	if (reason == SSL_R_HTTP_REQUEST)
		return fail(s, TLS_PLAIN, "the client sent HTTP without TLS");
	if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return fail(s, TLS_WRONG_NAME, "the client has no certificate");
	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		snprintf(why, sizeof(why), "the client's certificate is not accepted: %s",
		    X509_verify_cert_error_string(SSL_get_verify_result(s->ssl)));
		return fail(s, TLS_WRONG_NAME, why);
	}
	snprintf(why, sizeof(why), "%s%s",
	    reason >= SSL_AD_REASON_OFFSET ? "the client gave up: " : "",
	    text == NULL ? "unknown error" : text);
	return fail(s, TLS_FAILED, why);
}

static enum tls_progress
fail_handshake(struct tls_stream *s)
{
	unsigned long code = ERR_peek_error();

	if (code != 0 && !s->eof)
		return fail_by_reason(s, code);
	if (!s->received)
		return fail(s, TLS_UNUSED, "the client closed the connection");
	return fail(s, TLS_FAILED, "the client closed the connection");
}

static enum tls_progress
finish(struct tls_stream *s)
{
	const X509 *certificate = SSL_get0_peer_certificate(s->ssl);

	s->ready = true;
	if (certificate == NULL)
		return TLS_READY;
	s->client = malloc(sizeof(*s->client));
	if (s->client == NULL)
		return fail(s, TLS_FAILED, "out of memory");
	tls_names_read(certificate, s->client);
	return TLS_READY;
}

enum tls_progress
tls_shake_hands(struct tls_stream *s)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(s->ssl);
	if (rc == 1)
		return finish(s);
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	default:
		return fail_handshake(s);
	}
}

const char *
tls_failure(const struct tls_stream *s)
{
	return s->failure;
}

const struct tls_names *
tls_client(const struct tls_stream *s)
{
	return s->client;
}

/* ---- bytes -------------------------------------------------------------------------- */

/* `wanted` is what OpenSSL may have to wait for. To wait for anything else, it would have to be
 * called in the other direction, which only a client that abuses key updates brings about. */
static ssize_t
explain(struct tls_stream *s, int rc, int wanted)
{
	int why = SSL_get_error(s->ssl, rc);

	if (why == wanted) {
		errno = EAGAIN;
		return -1;
	}
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	s->broken = true;
	errno = EPROTO;
	return -1;
}

ssize_t
tls_read(struct tls_stream *s, char *to, size_t n)
{
	size_t got;

	if (s->broken) {
		errno = EPROTO;
		return -1;
	}
	ERR_clear_error();
	if (SSL_read_ex(s->ssl, to, n, &got) == 1)
		return (ssize_t)got;
	return explain(s, 0, SSL_ERROR_WANT_READ);
}

ssize_t
tls_write(struct tls_stream *s, const char *from, size_t n)
{
	size_t taken;

	if (s->broken) {
		errno = EPROTO;
		return -1;
	}
	ERR_clear_error();
	if (SSL_write_ex(s->ssl, from, n, &taken) == 1)
		return (ssize_t)taken;
	return explain(s, 0, SSL_ERROR_WANT_WRITE);
}

bool
tls_has_more(const struct tls_stream *s)
{
	return !s->broken && (s->raw_n > 0 || SSL_pending(s->ssl) > 0);
}

void
tls_end(struct tls_stream *s)
{
	if (!s->ready || s->broken || s->ended)
		return;
	s->ended = true;
	ERR_clear_error();
	SSL_shutdown(s->ssl);
}
