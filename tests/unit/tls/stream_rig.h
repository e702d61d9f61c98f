/* A TLS stream at one end of a socket pair, and OpenSSL as the client at the other. */
#ifndef UNIT_TLS_STREAM_RIG_H
#define UNIT_TLS_STREAM_RIG_H

#include "lib/unit.h"

#define ERR_STATE OPENSSL_ERR_STATE /* a code in base/err.h */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "tls/context.h"
#include "tls/stream.h"
#include "unit/tls/authority.h"

#define RIG_ROUNDS 100000 /* tries before a test gives up */

struct rig {
	struct authority *ca;
	struct pair pair;
	struct tls_context *context;
	int server_fd, client_fd;
	struct tls_stream *server;
	SSL_CTX *client_context;
	SSL *client;
};

/* Setup and teardown; a test may call both to begin again. */
int rig_start(void **state);
int rig_end(void **state);
/* Call these before rig_open_both: the server asks for certificates; the client has this one, and
 * speaks this version only. */
void rig_ask_clients(struct rig *w);
void rig_give_certificate(struct rig *w, const struct pair *p);
void rig_use_version(struct rig *w, int version);

void rig_open_both(struct rig *w);
/* Lets both ends take turns until the server's handshake has a result. */
enum tls_progress rig_shake_hands(struct rig *w);
/* Opens both and completes the handshake. */
void rig_connect_both(struct rig *w);

void rig_client_sends(struct rig *w, const char *text);
void rig_expect_read(struct rig *w, const char *text);
void rig_expect_at_client(struct rig *w, const char *text);

#endif
