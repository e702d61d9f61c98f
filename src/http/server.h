/*
 * Connections: accepting, reading requests, writing answers, within limits and deadlines.
 *
 * Owns the listeners and connections; does not look at the events in a body. It runs on plain
 * libevent events with buffers of its own rather than on bufferevents: a request costs one recv and
 * one send, its body is received into its final memory, and idle connections have no buffer.
 *
 * The normal path of a connection (struct conn, connection.h): HANDSHAKE, if the listener speaks
 * TLS; IDLE until its first byte; HEAD until the head is complete and hooks.head has seen it; BODY
 * until the body is complete; WAIT from hooks.body to conn_answer; then IDLE again, or WRITE when
 * the client does not take the answer at once. Bytes that arrive during WAIT and WRITE stay in a
 * buffer as large as one head, and then in the kernel.
 *
 * Failures: malformed or ambiguous input is answered 400. Like every answer before the end of the
 * request, this ends the connection, which then lingers: its sending side is shut and further bytes
 * are dropped, because closing with unread bytes could destroy the answer on its way. A client that
 * does not finish in time, even one that sends byte by byte, is closed. At the maximum of
 * connections an idle one is closed to make room; without an idle one, new connections wait in the
 * kernel. With closes_slow, one that waits for the rest of its request, or for its client to read,
 * makes room, too. All make room together, within half a second; the kernel keeps at most 511 new
 * connections, so with 256 connections half-sent requests keep nobody out for longer than a second.
 * A TLS handshake has
 * its own deadline, and as many as half of all connections may be in one: then the oldest makes
 * room, if it had a second, or new connections to that listener wait. A handshake that fails, is
 * late or makes room is a refused request. Without file descriptors the listeners pause for a
 * second. Without memory a connection is closed.
 *
 * A second listener with other handlers is a second server: server_new with its hooks, then
 * server_listen for each address, on the same event base or, with a thread of its own, on another
 * (admin/admin.c). An answer of its own form is a struct answer with content.
 *
 * One thread: the one that runs the event base.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "http/answers.h"
#include "http/body.h"
#include "http/http.h"
#include "http/inherited.h"
#include "http/listen.h"

#define SERVER_MAX_LISTENERS 16
#define SERVER_TICK_MS 250     /* the precision of deadlines */
#define SERVER_LINGER_MS 2000  /* time for the client to read an early answer */
#define SERVER_FRESH_MS 1000   /* time for the first request of a new connection during a stop */
#define SERVER_COMMIT_MS 30000 /* the default of answer_timeout_ms */
/* a connection that is idle this long may be closed for a new one */
#define SERVER_MIN_IDLE_MS 1000
/* with closes_slow, one that is idle, or waits for its client, this long may be closed for a new
 * one */
#define SERVER_MIN_SLOW_MS 250
/* a TLS handshake has this long, or request_timeout_ms if that is shorter */
#define SERVER_HANDSHAKE_MS 10000
/* a handshake that is this old may be ended for a new one */
#define SERVER_MIN_HANDSHAKE_MS 1000
#define SERVER_LOG_MS 10000  /* between log lines about too many connections */
#define SERVER_PAUSE_MS 1000 /* pause without file descriptors */
#define SERVER_MAX_SPARE_BUFFERS 64

struct conn;
struct server;
struct tls_context;

struct server_options {
	const char *name; /* in log lines and errors; static */
	size_t max_body;  /* bytes, unpacked */
	struct http_limits limits;
	unsigned max_connections;
	size_t max_buffered_bytes; /* of all bodies in memory */
	size_t max_content;        /* bytes of an answer's content; 0: no answer has any */
	const char *headers; /* lines for every response, each with its \r\n; static; NULL: none */
	int64_t request_timeout_ms; /* from the first byte of a request to its last */
	int64_t idle_timeout_ms;    /* without a request */
	int64_t answer_timeout_ms;  /* a request that waits longer for its answer gets 503; 0:
				       SERVER_COMMIT_MS */
	bool closes_slow;           /* see above */
	bool ends_with_client; /* a client that ends its side needs no answer: the owner is told */
	const char *challenge; /* the WWW-Authenticate header of a 401; static; NULL: a write key or
				  Bento's credentials */
	const struct clock *clock;
};

/* The server calls these hooks for each request. A hook must not close or free a connection. */
struct server_hooks {
	/* A head is complete. The hook may call conn_refuse and conn_allow_origin, and sets
	 * c->owner and c->body. */
	void (*head)(struct conn *c, const struct http_head *h, void *arg);
	/* The body is complete. The hook must call conn_answer, now or later. */
	void (*body)(struct conn *c, void *arg);
	/* The request was refused with this answer, or the client ended it early. */
	void (*refused)(struct conn *c, const struct answer *a, void *arg);
	/* The connection has ended, or no longer needs the answer: the owner must forget the
	 * connection. */
	void (*gone)(void *owner, void *arg);
	void *arg;
	/* A connection ends without an answer, because no descriptor or no memory is left for it.
	 * NULL: nobody counts it. */
	void (*turned_away)(int fd, const struct answer *why, void *arg);
};

TAILQ_HEAD(conn_list, conn);

struct server_listener {
	struct listener listener;
	struct event event;
	struct server *server;
	bool local; /* other machines cannot reach it */
	bool waits; /* does not accept connections until a handshake ends */
};

/* Private to server.c and connection*.c. */
struct server {
	struct event_base *base;
	struct server_options o;
	struct server_hooks hooks;
	struct answers answers;
	struct body_quota quota;
	int64_t now; /* mono ms at the start of the current event */
	struct server_listener listeners[SERVER_MAX_LISTENERS];
	size_t n_listeners;
	struct conn_list all;
	struct conn_list idle;       /* idle connections, the longest idle first */
	struct conn_list slow;       /* requests and answers that wait for their clients, the oldest
					first */
	struct conn_list handshakes; /* connections in state HANDSHAKE, the oldest first */
	unsigned n_conns;
	unsigned n_handshakes;
	struct tls_context *tls; /* of the next connections; NULL without TLS listeners */
	size_t buffer_size;      /* bytes of a connection's input buffer */
	void *spare_buffers;     /* each starts with a pointer to the next */
	unsigned n_spare_buffers;
	struct event tick; /* active while there are connections */
	bool paused;       /* listeners do not accept connections */
	int64_t resume_at; /* mono ms; 0: when a connection ends */
	int reserve_fd;    /* released for a moment to accept and refuse a client when no other
			      descriptor is free */
	struct log_limit full_log, handshakes_log, descriptors_log, memory_log;
	bool stopping;
	int64_t stop_deadline; /* mono ms */
	void (*stopped)(void *arg);
	void *stopped_arg;
	struct event stopped_event;
};

int server_new(const struct server_options *o, const struct server_hooks *hooks,
    struct event_base *base, struct server **ret_server, struct err *e);
/* Ends all connections at once and calls hooks.gone for each owner. */
void server_close(struct server *s);
void server_free(struct server *s);
/* Whether a client waits to be accepted: without one, nobody has to make room. */
bool server_client_waits(const struct server_listener *l);
/* Listens on the address, on the inherited socket if there is one for it. inherited may be NULL. */
int server_listen(struct server *s, const char *text, struct inherited *inherited, struct err *e);
/* Sets what TLS listeners show to their next connections, and holds it. Call it before
 * server_listen for such an address. */
void server_use_tls(struct server *s, struct tls_context *tls);
/* Returns the address of listener i; NULL past the last listener. */
const char *server_address(const struct server *s, size_t i);
/*
 * Stops listening, closes idle connections, and lets requests that wait have their answers, and new
 * connections a moment (SERVER_FRESH_MS) for their first request. Calls `stopped` (in the event
 * loop) when no connection is left, or deadline_ms from now.
 */
void server_stop(struct server *s, int64_t deadline_ms, void (*stopped)(void *arg), void *arg);
/* Reads the clock. Call it at the beginning of every event. */
void server_touch(struct server *s);
/* Starts the tick again if it is needed and, for lack of memory, does not run. */
void server_keep_ticking(struct server *s);

/* For connection.c. */
char *server_take_buffer(struct server *s); /* NULL without memory */
void server_give_buffer(struct server *s, char *buffer);
void server_conn_ended(struct server *s);
/* A connection is about to be closed, because there is no memory for it: counts and logs that. */
void server_lacks_memory(struct server *s, int fd);
/* The same for a connection whose request was already counted: only logs. */
void server_lacks_memory_to_answer(struct server *s);

#endif
