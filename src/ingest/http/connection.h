/*
 * One connection: server.h has the picture. Main thread only.
 *
 * A connection is freed in one place, at the end of conn_run; whatever else ends it only sets its
 * state to CLOSED. Therefore hooks may answer in the midst of reading.
 */
#ifndef INGEST_HTTP_CONNECTION_H
#define INGEST_HTTP_CONNECTION_H

#include "ingest/auth/auth.h"
#include "ingest/http/gzip.h"
#include "ingest/http/server.h"

enum conn_state {
	CONN_IDLE,   /* between requests */
	CONN_HEAD,   /* the head has begun */
	CONN_BODY,   /* the head is known */
	CONN_WAIT,   /* the request is complete, its answer not yet known */
	CONN_WRITE,  /* the client does not take the answer as fast as we give it */
	CONN_LINGER, /* answered; what still comes is dropped */
	CONN_CLOSED  /* to be freed by conn_run */
};

struct conn {
	/* for the hooks */
	void *owner; /* who waits for this request; set by hooks.head, cleared before answering */
	struct body *body; /* where the body goes; NULL: it is dropped */
	struct gzip *gzip; /* open: the body is unpacked on its way there; NULL: it is as it is */
	struct answer_manner manner;

	/* private */
	struct server *server;
	int fd;
	enum conn_state state;
	int64_t deadline; /* mono ms */
	bool eof;         /* the client sends no more */
	bool reading;     /* read_event is added */
	bool linger;      /* the answer ends a connection from which more may come */
	bool refused;     /* the body is only read to get to its end; then `refusal` is said */
	struct answer refusal;
	struct http_head head;
	struct http_chunks chunks;
	uint64_t left;       /* of the body, when its length was announced */
	uint64_t n_received; /* of the body, when it was not */
	char origin[AUTH_ORIGIN_MAX + 1];
	struct buf allow; /* of a preflight: see answers_append_allowed */
	char *in;         /* of server.buffer_size; NULL while empty */
	size_t in_at, in_n;
	char *out; /* what the client did not take yet */
	size_t out_at, out_n;
	TAILQ_ENTRY(conn) all, idle;
	struct event read_event, write_event;
};

/* Takes fd. -1 without memory; then fd is closed. */
int conn_new(struct server *s, int fd);
/* From hooks.head: the request is to be answered so, whatever its body. Texts live for ever. */
void conn_refuse(struct conn *c, const struct answer *a);
/* From hooks.head: the answer allows the headers that the preflight asks for. Copied. */
void conn_allow_headers(struct conn *c, const struct http_head *h);
/* From hooks.head: a page of that origin may read the answer. Copied. */
void conn_allow_origin(struct conn *c, struct slice origin);
/* In state WAIT. Outside of a hook conn_run must follow. */
void conn_answer(struct conn *c, const struct answer *a);
/* Goes on as far as possible. c may be freed after it. */
void conn_run(struct conn *c);
/* Ends it without a word. c is freed. */
void conn_close(struct conn *c);
/* Its deadline has passed. c may be freed after it. */
void conn_expire(struct conn *c);

/* ---- between conn.c and conn_step.c ------------------------------------------------- */

extern const struct answer conn_no_room; /* for another body */

/* The deadline is wait_ms from now. */
void conn_set_state(struct conn *c, enum conn_state state, int64_t wait_ms);
void conn_set_closed(struct conn *c);
/* The owner of the request hears that nobody waits for its answer any more. */
void conn_detach(struct conn *c);
struct slice conn_input(const struct conn *c);
void conn_consume(struct conn *c, size_t n);
/* How many bytes the socket took, perhaps none; -1 when it is broken. */
ssize_t conn_send(struct conn *c, const char *p, size_t n);
/* Before the end of the request: the connection cannot be used after it. */
void conn_answer_early(struct conn *c, const struct answer *a);
/* One step on the way of a request, as far as the input reaches; whether there may be another. */
bool conn_step(struct conn *c);

#endif
