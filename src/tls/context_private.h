/* Shared by context.c and stream.c. */
#ifndef TLS_CONTEXT_PRIVATE_H
#define TLS_CONTEXT_PRIVATE_H

#include <stdatomic.h>

#include "tls/context.h"
#include "tls/openssl_private.h"

struct tls_context {
	atomic_uint n_held;
	SSL_CTX *ssl; /* counts its own users: each connection is one */
	bool asks_clients;
	struct tls_certificate certificate;
	char *client_certificate, *client_key; /* PEM; NULL for a listener */
};

/* Returns the BIO of streams; NULL without memory. tls_context_new makes it, before any thread can
 * want one. */
const BIO_METHOD *tls_stream_method(void);

#endif
