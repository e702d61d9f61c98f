/*
 * One keep-alive connection: connects, writes its request, reads the answer. Never blocks.
 *
 * The caller waits for the events of conn_wants and calls conn_step, which returns what happened.
 */
#ifndef TOOLS_LOAD_CONN_H
#define TOOLS_LOAD_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "load/payload.h"
#include "load/wire.h"

enum conn_state {
	CONN_DOWN, /* no socket */
	CONN_CONNECTING,
	CONN_SHAKING, /* a TLS handshake is under way */
	CONN_READY,   /* connected, no request in flight */
	CONN_WRITING,
	CONN_READING
};

enum conn_event {
	CONN_NOTHING,   /* wait for more events */
	CONN_CONNECTED, /* now ready */
	CONN_ANSWERED, /* status is set; the connection is ready, or down if the server closes it */
	CONN_LOST,     /* closed or broken; had_request says whether a request was in flight */
	CONN_REFUSED   /* connecting failed */
};

struct conn {
	struct wire wire;
	struct wire_tls *tls; /* borrowed; NULL without TLS */
	enum conn_state state;
	uint32_t shaking; /* events that the handshake waits for */
	struct payload payload;
	size_t written;
	uint64_t started_us;
	uint64_t retry_us; /* when to connect again, while down */
	uint32_t wants;    /* events that epoll watches */
	bool had_request;
	/* from the answer */
	unsigned status;
	char head[4096];
	size_t n_head;
	bool in_body;
	bool closes;
	uint64_t body_left;
};

/* Starts connecting; CONN_REFUSED (errno set) when that fails at once. */
enum conn_event conn_connect(struct conn *c, const struct sockaddr *address, socklen_t n);
/* Starts to send the payload. The connection must be ready. */
enum conn_event conn_send(struct conn *c);
/* Continues when the socket is readable or writable. */
enum conn_event conn_step(struct conn *c);
/* EPOLLIN or EPOLLOUT. */
uint32_t conn_wants(const struct conn *c);
void conn_close(struct conn *c);

#endif
