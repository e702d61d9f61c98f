/*
 * A server on raw loopback sockets for tests of the transport: a thread accepts one connection
 * after another and plays a script on each.
 */
#ifndef UNIT_DISPATCH_TRANSPORT_TINY_SERVER_H
#define UNIT_DISPATCH_TRANSPORT_TINY_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define TINY_REQUEST_MAX 2097152

enum tiny_what {
	TINY_ANSWER,       /* read a request, write the text */
	TINY_RESET_UNREAD, /* reset the connection without reading */
	TINY_RESET_READ,   /* read a request, reset the connection */
	TINY_CLOSE,        /* close the connection in order */
	TINY_SILENCE       /* read a request, then wait until the client closes */
};

/* A step of a script, which has `n` steps. */
struct tiny_step {
	enum tiny_what what;
	const char *text;
	bool new_connection; /* first accept the next connection */
};

struct tiny_server {
	int fd;
	int port;
	char url[64]; /* http://127.0.0.1:PORT/x */
	const struct tiny_step *steps;
	size_t n_steps;
	pthread_t thread;
	pthread_mutex_t mutex;
	int now; /* the present connection, under the mutex; -1: none */
	bool stopping;
	/* recorded */
	atomic_int connections;
	atomic_int requests;
	atomic_int closed; /* number of closing steps played */
	char *last;        /* the last request, head and body; valid after tiny_server_stop */
};

/* Aborts when the machine has no loopback. steps must live until tiny_server_stop. */
void tiny_server_start(struct tiny_server *s, const struct tiny_step *steps, size_t n);
void tiny_server_stop(struct tiny_server *s);
void tiny_server_free(struct tiny_server *s);

#endif
