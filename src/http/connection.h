/*
 * One connection; server.h has the overview. Main thread only.
 *
 * A connection is freed in one place, at the end of conn_run; other code ends it by setting its
 * state to CLOSED. Hooks may therefore answer while the connection is reading.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "http/gzip.h"
#include "http/server.h"

#define CONN_ORIGIN_MAX 255 /* bytes of an origin; a longer one is unknown */

enum conn_state {
	CONN_HANDSHAKE, /* of TLS; a connection without TLS begins with IDLE */
	CONN_IDLE,      /* between requests */
	CONN_HEAD,      /* part of the head has arrived */
	CONN_BODY,      /* the head is complete */
	CONN_WAIT,      /* the request is complete and waits for its answer */
	CONN_WRITE,     /* part of the answer still waits for the client to read */
	CONN_LINGER,    /* answered; further bytes are dropped */
	CONN_CLOSED     /* to be freed by conn_run */
};

struct tls_context;
struct tls_names;
struct tls_stream;

struct conn {
	/* set by the hooks */
	void *owner; /* the request that waits for the answer; set by hooks.head, cleared before
			answering */
	struct body *body; /* where the body is stored; NULL: it is dropped */
	struct gzip *gzip; /* open: unpacks the body; NULL: the body is stored as it arrives */
	struct answer_manner manner;

	/* private */
	struct server *server;
	int fd;
	bool local;             /* its listener can be reached from this machine only */
	struct tls_stream *tls; /* NULL: without TLS */
	enum conn_state state;
	int64_t deadline;      /* mono ms */
	int64_t since;         /* mono ms: when it came to its list of slow ones */
	bool eof;              /* the client sends no more */
	bool handshake_writes; /* the handshake waits until the client reads */
	bool reading;          /* read_event is active */
	bool served;           /* a request was answered */
	bool linger;           /* the answer ends a connection on which more bytes may arrive */
	bool refused;          /* the body is read and dropped; then `refusal` is sent */
	struct answer refusal;
	struct http_head head;
	struct http_chunks chunks;
	uint64_t left;       /* bytes left of a body of announced length */
	uint64_t n_received; /* bytes received of a body of unknown length */
	char origin[CONN_ORIGIN_MAX + 1];
	struct buf allow; /* preflight: see answers_append_allowed */
	char *in;         /* server.buffer_size bytes; NULL while empty */
	size_t in_at, in_n;
	char *out; /* bytes that the client has not taken yet */
	size_t out_at, out_n;
	TAILQ_ENTRY(conn) all;
	TAILQ_ENTRY(conn) queue; /* among the idle ones, the slow ones or the handshakes */
	struct event read_event, write_event;
};

/* Owns fd, a client of that listener. Returns -1 without memory, and then closes fd and counts
 * that. */
int conn_new(const struct server_listener *l, int fd);
/* The names in the client's certificate; NULL when it has shown none. */
const struct tls_names *conn_client(const struct conn *c);
/* Whether its listener can be reached from this machine only. */
bool conn_is_local(const struct conn *c);
/* Whether the client's bytes are encrypted. */
bool conn_is_tls(const struct conn *c);
/* Writes the client's address; all bytes are 0 when it is unknown, or is on a unix socket. */
void conn_peer(const struct conn *c, struct sockaddr_storage *ret_peer);
/* Called from hooks.head: answers the request with `a`, whatever its body. The texts of `a` must be
 * static. */
void conn_refuse(struct conn *c, const struct answer *a);
/* Called from hooks.head: the answer will allow the headers that the preflight asks for. Copies
 * their names. */
void conn_allow_headers(struct conn *c, const struct http_head *h);
/* Called from hooks.head: a page of that origin may read the answer. Copies the origin. */
void conn_allow_origin(struct conn *c, struct slice origin);
/* Answers a request in state WAIT. Outside of a hook, call conn_run afterwards. */
void conn_answer(struct conn *c, const struct answer *a);
/* Continues reading, parsing and writing as far as possible. May free c. */
void conn_run(struct conn *c);
/* Ends the connection without an answer and frees c. */
void conn_close(struct conn *c);
/* Ends an idle connection, but not one whose request has arrived or whose first is still to come.
 * May free c. */
void conn_end_idle(struct conn *c);
/* Brings the deadline of a connection without a request forward, to SERVER_FRESH_MS from now. */
void conn_hurry(struct conn *c);
/* Ends a connection that waits for its client, so that another has its place. Frees c. */
void conn_give_way(struct conn *c);
/* Handles a passed deadline. May free c. */
void conn_expire(struct conn *c);

/* ---- between connection.c, connection_step.c and connection_tls.c ------------------- */

extern const struct answer conn_no_room; /* no memory for another body */

/* Sets the state, and a deadline wait_ms from now. */
void conn_set_state(struct conn *c, enum conn_state state, int64_t wait_ms);
void conn_set_closed(struct conn *c);
/* Tells the owner of the request that nobody waits for its answer any longer. */
void conn_detach(struct conn *c);
struct slice conn_input(const struct conn *c);
void conn_consume(struct conn *c, size_t n);
/* Like recv. */
ssize_t conn_receive(struct conn *c, char *to, size_t n);
/* Whether bytes were received for which the socket does not become readable. */
bool conn_has_more(const struct conn *c);
/* Tells the client that nothing more will be sent. */
void conn_end_sending(struct conn *c);
/* Continues the handshake in state HANDSHAKE. */
void conn_shake_hands(struct conn *c);
/* Ends it. late: its time is over; otherwise another one needs its place. */
void conn_give_up_handshake(struct conn *c, bool late);
/* Returns how many bytes the socket took, perhaps 0; -1 when it is broken. */
ssize_t conn_send(struct conn *c, const char *p, size_t n);
/* Answers before the end of the request: the connection cannot be used again. */
void conn_answer_early(struct conn *c, const struct answer *a);
/* Takes one step of a request if the input suffices. Returns whether another step may follow. */
bool conn_step(struct conn *c);

#endif
