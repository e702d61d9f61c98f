/*
 * Makes the SSL_CTX of a listener from PEM texts. Everything that could prevent a handshake is
 * looked at here: keys that do not match or are too weak, a certificate that is not meant for
 * servers (or clients), a key with a passphrase. Fails on these, and without memory.
 */
#include "tls/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls/context_private.h"

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* of TLS 1.2; those of TLS 1.3 are all good */
#define MAX_CLIENT_CHAIN 32768                /* bytes of a client's certificates */
#define MAX_CHAIN_DEPTH 8

static const char *
reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text == NULL ? "unknown error" : text;
}

static int
fail(const char *setting, const struct tls_file *file, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s %s: %s", setting, file->path, why);
}

static BIO *
open_text(const struct tls_file *file, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(file->text, -1);

	ERR_clear_error();
	if (bio == NULL)
		err_nomem(e);
	return bio;
}

/* Whether reading ended at the end of the text, and not at a block that cannot be read. */
static bool
at_end(void)
{
	return ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_PEM
	       && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static int64_t
wall_ms(const ASN1_TIME *at)
{
	struct tm tm;

	return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

/* ---- the certificate ---------------------------------------------------------------- */

static void
describe(struct tls_certificate *c, const X509 *own)
{
	struct tls_names *names = malloc(sizeof(*names));

	c->not_before = wall_ms(X509_get0_notBefore(own));
	c->not_after = wall_ms(X509_get0_notAfter(own));
	if (names != NULL)
		tls_names_read(own, names);
	if (names != NULL && names->n > 0)
		memcpy(c->name, names->name[0], TLS_NAME_SIZE);
	free(names);
}

static int
check_purpose(X509 *own, const struct tls_files *files, struct err *e)
{
	const char *whose = files->is_client ? "client" : "server";
	char why[256];

	if (X509_check_purpose(
		own, files->is_client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER, 0)
	    == 1)
		return 0;
	snprintf(why, sizeof(why),
	    "the first certificate is not meant for %ss (its extended key usage lacks %sAuth)",
	    whose, whose);
	return fail("certificate_file", &files->certificate, why, e);
}

static int
use_own(struct tls_context *c, X509 *own, const struct tls_files *files, struct err *e)
{
	const struct tls_file *file = &files->certificate;
	char why[256];

	if (check_purpose(own, files, e) != 0)
		return -1;
	if (SSL_CTX_use_certificate(c->ssl, own) != 1) {
		snprintf(why, sizeof(why), "the certificate cannot be used: %s", reason());
		return fail("certificate_file", file, why, e);
	}
	describe(&c->certificate, own);
	c->certificate.is_client = files->is_client;
	return 0;
}

static int
use_chain(struct tls_context *c, BIO *bio, const struct tls_file *file, struct err *e)
{
	int64_t not_after;
	X509 *next;

	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		not_after = wall_ms(X509_get0_notAfter(next));
		if (not_after < c->certificate.not_after)
			c->certificate.not_after = not_after;
		if (SSL_CTX_add0_chain_cert(c->ssl, next) != 1) {
			X509_free(next);
			return fail("certificate_file", file, reason(), e);
		}
	}
	return at_end() ? 0
			: fail("certificate_file", file,
			    "a certificate after the first one cannot be read", e);
}

/* ret_own is set, for the caller to free, also when it cannot be used. */
static int
use_certificate(struct tls_context *c, const struct tls_files *files, X509 **ret_own, struct err *e)
{
	const struct tls_file *file = &files->certificate;
	BIO *bio = open_text(file, e);
	int rc = -1;

	if (bio == NULL)
		return -1;
	*ret_own = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (*ret_own == NULL)
		fail("certificate_file", file, "it holds no certificate in PEM form", e);
	else if (use_own(c, *ret_own, files, e) == 0)
		rc = use_chain(c, bio, file, e);
	BIO_free(bio);
	return rc;
}

/* ---- the private key ---------------------------------------------------------------- */

/* Called for a key with a passphrase, for which OpenSSL would otherwise ask at the terminal. */
static int
no_passphrase(char *to, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)to;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

static int
use_key(SSL_CTX *ssl, const X509 *own, EVP_PKEY *key, const struct tls_files *files, struct err *e)
{
	const struct tls_file *file = &files->private_key;
	char why[512];

	if (X509_check_private_key(own, key) != 1) {
		snprintf(why, sizeof(why),
		    "the key does not belong to the first certificate in %.400s",
		    files->certificate.path);
		return fail("private_key_file", file, why, e);
	}
	if (SSL_CTX_use_PrivateKey(ssl, key) == 1)
		return 0;
	snprintf(why, sizeof(why), "the key cannot be used: %s", reason());
	return fail("private_key_file", file, why, e);
}

static int
use_private_key(
    struct tls_context *c, const X509 *own, const struct tls_files *files, struct err *e)
{
	const struct tls_file *file = &files->private_key;
	BIO *bio = open_text(file, e);
	bool asked = false;
	EVP_PKEY *key;
	int rc = -1;

	if (bio == NULL)
		return -1;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
	if (key != NULL)
		rc = use_key(c->ssl, own, key, files, e);
	else if (asked)
		fail("private_key_file", file,
		    "the key has a passphrase: write it without one (openssl pkey), with mode 0600",
		    e);
	else
		fail("private_key_file", file, "it holds no private key in PEM form", e);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return rc;
}

/* ---- the authorities of clients ----------------------------------------------------- */

static int
add_authority(SSL_CTX *ssl, X509 *authority, const struct tls_file *file, struct err *e)
{
	if (X509_check_ca(authority) == 0)
		return fail("client_ca_file", file, "a certificate in it is not that of a CA", e);
	if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), authority) != 1
	    || SSL_CTX_add_client_CA(ssl, authority) != 1)
		return fail("client_ca_file", file, reason(), e);
	return 0;
}

static int
read_authorities(SSL_CTX *ssl, BIO *bio, const struct tls_file *file, struct err *e)
{
	X509 *authority;
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && (authority = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		rc = add_authority(ssl, authority, file, e);
		X509_free(authority);
		n++;
	}
	if (rc != 0)
		return -1;
	if (n == 0)
		return fail("client_ca_file", file, "it holds no certificate in PEM form", e);
	return at_end() ? 0 : fail("client_ca_file", file, "a certificate in it cannot be read", e);
}

static int
use_authorities(struct tls_context *c, const struct tls_file *file, struct err *e)
{
	BIO *bio;
	int rc;

	if (file->text == NULL)
		return 0;
	bio = open_text(file, e);
	if (bio == NULL)
		return -1;
	rc = read_authorities(c->ssl, bio, file, e);
	BIO_free(bio);
	c->asks_clients = true;
	/* An intermediate authority may be trusted without its root. */
	X509_STORE_set_flags(SSL_CTX_get_cert_store(c->ssl), X509_V_FLAG_PARTIAL_CHAIN);
	SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(c->ssl, MAX_CHAIN_DEPTH);
	/* A resumed session would not look at the certificate again. */
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(c->ssl, 0);
	return rc;
}

/* ---- all of it ---------------------------------------------------------------------- */

static int
choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_n,
    const unsigned char *offered, unsigned n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, ret_n, ours, sizeof(ours) - 1, offered, n)
	    != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret_name = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int
set_up(SSL_CTX *ssl, struct err *e)
{
	if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1
	    || SSL_CTX_set_cipher_list(ssl, CIPHERS) != 1)
		return err_set(e, ERR_SYSTEM, "TLS: %s", reason());
	/* The end of a request is told by HTTP, so an end without close_notify can hide nothing. */
	SSL_CTX_set_options(
	    ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Without automatic retries a client that sends nothing but control records cannot keep
	 * SSL_read from returning. */
	SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
				  | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	/* Tickets hold a session for the client; this side stores none. */
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ssl, 1);
	SSL_CTX_set_max_cert_list(ssl, MAX_CLIENT_CHAIN);
	SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
	return 0;
}

/* libcurl takes the texts, not the context. */
static int
keep_texts(struct tls_context *c, const struct tls_files *files, struct err *e)
{
	if (!files->is_client)
		return 0;
	c->client_certificate = strdup(files->certificate.text);
	c->client_key = strdup(files->private_key.text);
	return c->client_certificate == NULL || c->client_key == NULL ? err_nomem(e) : 0;
}

int
tls_context_new(const struct tls_files *files, struct tls_context **ret_context, struct err *e)
{
	struct tls_context *c = calloc(1, sizeof(*c));
	X509 *own = NULL;
	int rc;

	ERR_clear_error();
	if (c != NULL)
		c->ssl = SSL_CTX_new(TLS_server_method());
	if (c == NULL || c->ssl == NULL || tls_stream_method() == NULL) {
		if (c != NULL)
			SSL_CTX_free(c->ssl);
		free(c);
		return err_nomem(e);
	}
	atomic_init(&c->n_held, 1);
	rc = set_up(c->ssl, e);
	if (rc == 0)
		rc = use_certificate(c, files, &own, e);
	if (rc == 0)
		rc = use_private_key(c, own, files, e);
	if (rc == 0)
		rc = use_authorities(c, &files->client_ca, e);
	if (rc == 0)
		rc = keep_texts(c, files, e);
	X509_free(own);
	ERR_clear_error();
	if (rc != 0) {
		tls_context_free(c);
		return -1;
	}
	*ret_context = c;
	return 0;
}

struct tls_context *
tls_context_hold(struct tls_context *c)
{
	atomic_fetch_add(&c->n_held, 1);
	return c;
}

void
tls_context_free(struct tls_context *c)
{
	if (c == NULL || atomic_fetch_sub(&c->n_held, 1) > 1)
		return;
	SSL_CTX_free(c->ssl);
	if (c->client_key != NULL)
		explicit_bzero(c->client_key, strlen(c->client_key));
	free(c->client_key);
	free(c->client_certificate);
	free(c);
}

const char *
tls_context_client_certificate(const struct tls_context *c)
{
	return c == NULL ? NULL : c->client_certificate;
}

const char *
tls_context_client_key(const struct tls_context *c)
{
	return c == NULL ? NULL : c->client_key;
}

const struct tls_certificate *
tls_context_certificate(const struct tls_context *c)
{
	return &c->certificate;
}

bool
tls_context_asks_clients(const struct tls_context *c)
{
	return c->asks_clients;
}
