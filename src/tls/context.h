/*
 * What a TLS listener shows and asks: its certificate and private key, and the certificates of the
 * authorities (CA) that sign those of its clients. Also checks what this side shows as a client.
 *
 * TLS 1.2 with forward secrecy and authenticated ciphers, and TLS 1.3; no renegotiation, no
 * compression, no early data; ALPN "http/1.1". A client may resume a session, unless clients need a
 * certificate: then each connection proves it again. Errors name the setting, the file and the
 * remedy, and never show a part of a key. tls_context_new: main thread; several threads may hold a
 * context.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "tls/names.h"

struct tls_file {
	const char *path; /* for errors */
	const char *text; /* PEM; NULL: not set */
};

struct tls_files {
	struct tls_file
	    certificate; /* the server's own one first, then those that lead to a root */
	struct tls_file private_key;
	struct tls_file client_ca; /* not set: clients need no certificate */
	bool is_client;            /* the certificate is for connections that this side opens */
};

/* For people and monitoring. Times are wall ms. */
struct tls_certificate {
	int64_t not_before; /* of the server's own certificate */
	int64_t not_after;  /* the first end of any certificate in the file */
	char name[TLS_NAME_SIZE];
	bool is_client; /* shown by this side to a server */
};

struct tls_context;

/* ERR_INPUT: a file has no certificate or key, or they do not belong together. The date of the
 * certificate is not checked. */
int tls_context_new(const struct tls_files *files, struct tls_context **ret_context, struct err *e);
/* Returns c, which then needs one more tls_context_free. */
struct tls_context *tls_context_hold(struct tls_context *c);
/* Connections that use it continue. NULL is allowed. */
void tls_context_free(struct tls_context *c);
const struct tls_certificate *tls_context_certificate(const struct tls_context *c);
/* What this side shows as a client, in PEM form, as long as the context is held. NULL: nothing, as
 * for a listener and for NULL. */
const char *tls_context_client_certificate(const struct tls_context *c);
const char *tls_context_client_key(const struct tls_context *c);
/* Whether clients need a certificate. */
bool tls_context_asks_clients(const struct tls_context *c);

#endif
