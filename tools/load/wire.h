/* The bytes of a connection of the load generator: a socket, with TLS on it or without. Never
 * blocks. */
#ifndef TOOLS_LOAD_WIRE_H
#define TOOLS_LOAD_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct wire_tls;
struct ssl_st;

struct wire {
	int fd;
	struct ssl_st *ssl; /* NULL without TLS */
};

/* For all connections. The server's certificate is not checked. Sessions are not resumed, so that
 * each handshake is a full one. */
int wire_tls_new(struct wire_tls **ret_tls, struct err *e);
/* NULL is allowed. */
void wire_tls_free(struct wire_tls *t);

/* Owns fd. Returns -1 without memory, and then closes fd. tls: NULL for none. */
int wire_open(struct wire *w, int fd, struct wire_tls *tls);
void wire_close(struct wire *w);
/* Continues the handshake: 1 when it is complete, 0 when ret_events of epoll must come first, -1
 * when it failed. */
int wire_shake_hands(struct wire *w, uint32_t *ret_events);
/* Like send and recv. */
ssize_t wire_send(struct wire *w, const char *p, size_t n);
ssize_t wire_recv(struct wire *w, char *to, size_t n);

#endif
