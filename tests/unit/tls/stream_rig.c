/* Both ends in one thread; nothing blocks. */
#include "unit/tls/stream_rig.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tls_context *
make_context(const struct rig *w, const char *client_ca)
{
	const struct tls_files files = { .certificate = { "c", w->pair.certificate },
		.private_key = { "k", w->pair.private_key },
		.client_ca = { "ca", client_ca } };
	struct tls_context *c = NULL;
	struct err e;

	if (tls_context_new(&files, &c, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

int
rig_start(void **state)
{
	struct rig *w = calloc(1, sizeof(*w));
	int fds[2];

	assert_non_null(w);
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	w->ca = authority_new("test CA");
	authority_issue(w->ca, &(struct issue){ .names = "DNS:spool.example" }, &w->pair);
	w->context = make_context(w, NULL);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	w->server_fd = fds[0];
	w->client_fd = fds[1];
	w->client_context = SSL_CTX_new(TLS_client_method());
	assert_int_equal(
	    X509_STORE_add_cert(SSL_CTX_get_cert_store(w->client_context), w->ca->certificate), 1);
	SSL_CTX_set_verify(w->client_context, SSL_VERIFY_PEER, NULL);
	*state = w;
	return 0;
}

int
rig_end(void **state)
{
	struct rig *w = *state;

	tls_free(w->server);
	SSL_free(w->client);
	SSL_CTX_free(w->client_context);
	close(w->server_fd);
	close(w->client_fd);
	tls_context_free(w->context);
	pair_free(&w->pair);
	authority_free(w->ca);
	free(w);
	return 0;
}

void
rig_ask_clients(struct rig *w)
{
	tls_context_free(w->context);
	w->context = make_context(w, w->ca->pem);
}

void
rig_give_certificate(struct rig *w, const struct pair *p)
{
	BIO *certificate = BIO_new_mem_buf(p->certificate, -1);
	BIO *key = BIO_new_mem_buf(p->private_key, -1);
	X509 *x = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);

	assert_int_equal(SSL_CTX_use_certificate(w->client_context, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(w->client_context, k), 1);
	X509_free(x);
	EVP_PKEY_free(k);
	BIO_free(certificate);
	BIO_free(key);
}

void
rig_open_both(struct rig *w)
{
	w->server = tls_open(w->context, w->server_fd);
	assert_non_null(w->server);
	w->client = SSL_new(w->client_context);
	assert_int_equal(SSL_set_fd(w->client, w->client_fd), 1);
	SSL_set_connect_state(w->client);
}

enum tls_progress
rig_shake_hands(struct rig *w)
{
	enum tls_progress p = TLS_WANTS_READ;

	for (int i = 0; i < RIG_ROUNDS && (p == TLS_WANTS_READ || p == TLS_WANTS_WRITE); i++) {
		SSL_do_handshake(w->client);
		p = tls_shake_hands(w->server);
	}
	return p;
}

void
rig_connect_both(struct rig *w)
{
	rig_open_both(w);
	if (rig_shake_hands(w) != TLS_READY)
		fail_msg("%s", tls_failure(w->server));
	for (int i = 0; i < RIG_ROUNDS && SSL_do_handshake(w->client) != 1; i++)
		;
	assert_int_equal(SSL_get_verify_result(w->client), X509_V_OK);
}

void
rig_client_sends(struct rig *w, const char *text)
{
	assert_int_equal(SSL_write(w->client, text, (int)strlen(text)), (int)strlen(text));
}

void
rig_expect_read(struct rig *w, const char *text)
{
	char got[256] = "";
	ssize_t n = -1;

	for (int i = 0; i < RIG_ROUNDS && n < 0; i++) {
		n = tls_read(w->server, got, sizeof(got) - 1);
		if (n < 0)
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(n, strlen(text));
	assert_string_equal(got, text);
}

void
rig_expect_at_client(struct rig *w, const char *text)
{
	char got[256] = "";
	int n = -1;

	for (int i = 0; i < RIG_ROUNDS && n <= 0; i++)
		n = SSL_read(w->client, got, sizeof(got) - 1);
	assert_int_equal(n, strlen(text));
	assert_string_equal(got, text);
}

void
rig_use_version(struct rig *w, int version)
{
	SSL_CTX_set_security_level(w->client_context, 0); /* for old versions */
	SSL_CTX_set_min_proto_version(w->client_context, version);
	SSL_CTX_set_max_proto_version(w->client_context, version);
}
