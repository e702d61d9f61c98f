/* What listeners (server.c) and connections (conn.c) share. */
#ifndef TOOLS_SIM_SERVER_PRIVATE_H
#define TOOLS_SIM_SERVER_PRIVATE_H

#include <event2/listener.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "sim/server.h"

enum conn_state {
	CONN_HEAD,  /* reads a request's head */
	CONN_BODY,  /* reads its body */
	CONN_DELAY, /* the answer waits for its time */
	CONN_WRITE, /* the answer goes out */
	CONN_DRAIN  /* it went out early: the rest of the request is thrown away */
};

struct conn {
	LIST_ENTRY(conn) link;
	struct server *server;
	int fd;
	bool control; /* came by the listener that no fault touches */
	struct event *on_read;
	struct event *on_write;
	struct event *on_time;
	enum conn_state state;
	struct buf in;   /* bytes received and not yet used */
	size_t head_n;   /* of them the head, with its empty line */
	struct buf head; /* a copy of it: in moves while the body grows */
	struct sim_request request;
	struct buf out;
	size_t out_limit; /* bytes of out that go out */
	size_t out_done;
	bool closes; /* after the answer */
	bool drains; /* ... once the client has seen it */
};

LIST_HEAD(conn_list, conn);

struct server {
	struct event_base *base;
	struct sim *sim;
	struct evconnlistener *listener; /* NULL while down */
	struct evconnlistener *control;  /* NULL: none */
	struct sockaddr_storage address; /* with the port that was picked */
	int n_address;
	struct event *on_tick; /* while a fault `down` is set */
	struct conn_list conns;
	size_t n_conns;
	struct err failure;
};

/* Takes fd. */
void conn_open(struct server *s, int fd, bool control);
/* resets: the peer sees a reset instead of an end. */
void conn_close(struct conn *c, bool resets);
/* Stops the loop with the reason. */
void server_fail(struct server *s, const struct err *e);
/* The list of faults may have changed. */
void server_check_faults(struct server *s);

#endif
