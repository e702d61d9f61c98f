/* Shared by listeners (server.c) and connections (conn.c). */
#ifndef TOOLS_SIM_SERVER_PRIVATE_H
#define TOOLS_SIM_SERVER_PRIVATE_H

#include <event2/listener.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "sim/server.h"

enum conn_state {
	CONN_HEAD,  /* reads a request's head */
	CONN_BODY,  /* reads its body */
	CONN_DELAY, /* the answer is delayed */
	CONN_WRITE, /* sends the answer */
	CONN_DRAIN  /* the answer was sent early: the rest of the request is dropped */
};

struct conn {
	LIST_ENTRY(conn) link;
	struct server *server;
	int fd;
	bool control; /* from the control address, which faults do not affect */
	struct event *on_read;
	struct event *on_write;
	struct event *on_time;
	enum conn_state state;
	struct buf in;   /* bytes received and not yet used */
	size_t head_n;   /* bytes of `in` that are the head, with its empty line */
	struct buf head; /* a copy of the head, because `in` moves while the body grows */
	struct sim_request request;
	struct buf out;
	size_t out_limit; /* number of bytes of `out` to send */
	size_t out_done;
	bool closes; /* close after the answer */
	bool drains; /* ... but not before the client has read the answer */
};

LIST_HEAD(conn_list, conn);

struct server {
	struct event_base *base;
	struct sim *sim;
	struct evconnlistener *listener; /* NULL while a fault `down` applies */
	struct evconnlistener *control;  /* NULL: none */
	struct sockaddr_storage address; /* with the port that was picked */
	int n_address;
	struct event *on_tick; /* active while a fault `down` is set */
	struct conn_list conns;
	size_t n_conns;
	struct err failure;
};

/* Takes ownership of fd. */
void conn_open(struct server *s, int fd, bool control);
/* resets: the client sees a reset instead of an orderly end. */
void conn_close(struct conn *c, bool resets);
/* Stops the loop and stores the reason. */
void server_fail(struct server *s, const struct err *e);
/* Call it when the list of faults may have changed. */
void server_check_faults(struct server *s);

#endif
