/* Clients of ingest that speak TLS, and a world whose first listener does. */
#ifndef UNIT_INGEST_TLS_CLIENT_H
#define UNIT_INGEST_TLS_CLIENT_H

#include "unit/ingest/ingest_world.h"
#include "unit/tls/authority.h"

struct tls_world {
	struct world *w;
	struct authority *ca;
};

/* Makes options that a test may change before tls_world_open: listener 0 speaks TLS, 1 does not. */
struct tls_world *tls_world_new(void);
/* Opens it; with `mutual`, clients need a certificate of the same authority. */
void tls_world_open(struct tls_world *t, bool mutual);
/* Gives the listener a new certificate, whose name this is. */
void tls_world_renew(struct tls_world *t, const char *name, bool mutual);
void tls_world_free(struct tls_world *t);

/*
 * Connects to listener 0, and shakes hands. names: of the client's certificate; NULL: it has none.
 * Fails the test when the handshake does not succeed.
 */
struct client *tls_client_new(struct tls_world *t, const char *names);
void tls_client_free(struct client *c);
/* Returns the common name of the server's certificate, until the next call. */
const char *tls_client_server(const struct client *c);
/* Sends close_notify. */
void tls_client_end(struct client *c);
/* Whether the server has announced its end with close_notify. */
bool tls_client_was_told_end(const struct client *c);
/* Writes both texts in one record. */
void tls_client_send_both(struct client *c, const char *a, const char *b);

#endif
