/* Shared by context.c and stream.c. */
#ifndef TLS_CONTEXT_PRIVATE_H
#define TLS_CONTEXT_PRIVATE_H

#include "tls/context.h"
#include "tls/openssl_private.h"

struct tls_context {
	unsigned n_held;
	SSL_CTX *ssl; /* counts its own users: each connection is one */
	bool asks_clients;
	struct tls_certificate certificate;
};

#endif
