/* OpenSSL on the sockets of ingest_world's clients. */
#include "lib/unit.h"

#include "unit/ingest/tls_client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERR_STATE OPENSSL_ERR_STATE /* a code in base/err.h */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "tls/context.h"

/* ---- the world ------------------------------------------------------------------------------- */

struct tls_world *
tls_world_new(void)
{
	static const char *const addresses[] = { "tls:127.0.0.1:0", "127.0.0.1:0" };
	struct tls_world *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	t->w = world_new();
	t->w->o.listen = addresses;
	t->w->o.n_listen = 2;
	t->ca = authority_new("test CA");
	return t;
}

static struct tls_context *
make_context(const struct tls_world *t, const char *name, bool mutual)
{
	struct tls_context *context;
	struct tls_files files;
	struct pair pair;
	struct err e;

	authority_issue(t->ca, &(struct issue){ .common_name = name }, &pair);
	files = (struct tls_files){ .certificate = { "c", pair.certificate },
		.private_key = { "k", pair.private_key },
		.client_ca = { "ca", mutual ? t->ca->pem : NULL } };
	if (tls_context_new(&files, &context, &e) != 0)
		fail_msg("%s", e.text);
	pair_free(&pair);
	return context;
}

void
tls_world_open(struct tls_world *t, bool mutual)
{
	struct tls_context *context = make_context(t, "first", mutual);

	t->w->o.tls = context;
	world_open(t->w);
	tls_context_free(context); /* ingest holds it */
}

void
tls_world_renew(struct tls_world *t, const char *name, bool mutual)
{
	struct tls_context *context = make_context(t, name, mutual);

	ingest_use_tls(t->w->ingest, context);
	tls_context_free(context);
}

void
tls_world_free(struct tls_world *t)
{
	world_free(t->w);
	authority_free(t->ca);
	free(t);
}

/* ---- clients --------------------------------------------------------------------------------- */

static ssize_t
result(const struct client *c, int n)
{
	int why = SSL_get_error(c->tls, n);

	if (n > 0)
		return n;
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

static ssize_t
send_tls(struct client *c, const char *p, size_t n)
{
	ERR_clear_error();
	return result(c, SSL_write(c->tls, p, (int)n));
}

static ssize_t
recv_tls(struct client *c, char *to, size_t n)
{
	ERR_clear_error();
	return result(c, SSL_read(c->tls, to, (int)n));
}

static void
show_certificate(const struct tls_world *t, SSL *ssl, const char *names)
{
	struct pair pair;
	BIO *certificate, *key;
	EVP_PKEY *k;
	X509 *x;

	authority_issue(t->ca, &(struct issue){ .names = names }, &pair);
	certificate = BIO_new_mem_buf(pair.certificate, -1);
	key = BIO_new_mem_buf(pair.private_key, -1);
	x = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
	k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
	assert_int_equal(SSL_use_certificate(ssl, x), 1);
	assert_int_equal(SSL_use_PrivateKey(ssl, k), 1);
	X509_free(x);
	EVP_PKEY_free(k);
	BIO_free(certificate);
	BIO_free(key);
	pair_free(&pair);
}

static bool
is_connected(void *arg)
{
	const struct client *c = arg;
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(c->tls);
	if (rc != 1 && result(c, rc) < 0 && errno != EAGAIN)
		fail_msg("handshake: %s", ERR_reason_error_string(ERR_peek_error()));
	return rc == 1;
}

struct client *
tls_client_new(struct tls_world *t, const char *names)
{
	struct client *c = client_new(t->w, 0);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	X509_STORE_add_cert(SSL_CTX_get_cert_store(context), t->ca->certificate);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(
	    context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	c->tls = SSL_new(context);
	SSL_CTX_free(context);
	assert_non_null(c->tls);
	if (names != NULL)
		show_certificate(t, c->tls, names);
	SSL_set_fd(c->tls, c->fd);
	SSL_set_connect_state(c->tls);
	world_run_until(t->w, is_connected, c, "a handshake");
	c->send = send_tls;
	c->recv = recv_tls;
	return c;
}

void
tls_client_free(struct client *c)
{
	SSL_free(c->tls);
	client_free(c);
}

const char *
tls_client_server(const struct client *c)
{
	static char name[64];

	X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(c->tls)),
	    NID_commonName, name, sizeof(name));
	return name;
}

void
tls_client_end(struct client *c)
{
	SSL_shutdown(c->tls);
}

bool
tls_client_was_told_end(const struct client *c)
{
	return (SSL_get_shutdown(c->tls) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void
tls_client_send_both(struct client *c, const char *a, const char *b)
{
	char text[16384];
	int n = snprintf(text, sizeof(text), "%s%s", a, b);

	assert_true(n > 0 && n < (int)sizeof(text));
	assert_int_equal(c->send(c, text, (size_t)n), n);
}
