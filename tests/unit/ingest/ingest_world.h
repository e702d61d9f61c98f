/*
 * Ingest in one thread with its clients: an event loop, real sockets, a fake outbox, and a clock
 * that moves only when the test moves it.
 */
#ifndef UNIT_INGEST_INGEST_WORLD_H
#define UNIT_INGEST_INGEST_WORLD_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ingest/ingest.h"
#include "unit/ingest/ingest_outbox.h"

struct world {
	struct event_base *base;
	struct event *beat; /* wakes the loop regularly */
	unsigned n_beats;
	struct outbox *outbox;
	struct ingest *ingest;
	struct ingest_options o;
	int64_t clock_offset;
	struct clock clock;
};

/* Makes options that a test may change before world_open: one site, no keys, 127.0.0.1. */
struct world *world_new(void);
void world_open(struct world *w);
/* Calls world_new and world_open; with `keys`, three keys for two sites. */
struct world *world_start(bool keys);
void world_free(struct world *w);
/* Lets time pass for ingest, but not for the test. */
void world_wait_ms(struct world *w, int64_t ms);

/* Runs the loop until test(arg); after ten seconds the test fails with `what`. */
void world_run_until(struct world *w, bool (*test)(void *arg), void *arg, const char *what);
/* Runs the loop until that many requests with this outcome were counted in the outbox. */
void world_expect_count(struct world *w, const char *outcome, int64_t requests);
/* Runs the loop as long as something happens in it, at least for some rounds. */
void world_run_a_while(struct world *w);
/* Returns how often the loop woke up during 20 of its beats; about 20 when it is idle. */
unsigned world_count_rounds(struct world *w);
void world_run_until_waiting(struct world *w, unsigned n);
void world_run_until_given_back(struct world *w, unsigned n);

struct client {
	struct world *w;
	int fd;
	/* how bytes are sent and received; a TLS client replaces them (tls_client.h) */
	ssize_t (*send)(struct client *c, const char *p, size_t n);
	ssize_t (*recv)(struct client *c, char *to, size_t n);
	void *tls;
	char got[65536]; /* bytes that were read and not yet taken by client_answer */
	size_t n_got;
	bool closed; /* the server closed the connection */
};

/* Connects to listener i. Returns when the kernel has the connection, accepted or not. */
struct client *client_new(struct world *w, size_t i);
void client_free(struct client *c);
void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, const char *p, size_t n);
/* Posts with Content-Length; headers ends with CRLF or is "". */
void client_post(struct client *c, const char *path, const char *headers, const char *body);
/* Reads without waiting; returns the number of bytes not yet taken. */
size_t client_read(struct client *c);

struct response {
	int status;
	char head[1024];
	char body[2048];
};

/* Waits for one complete response. */
void client_answer(struct client *c, struct response *ret_response);
/* Waits for a response with that status; ret_response may be NULL. */
void client_expect(struct client *c, int status, struct response *ret_response);
/* Waits until the server closes the connection; it must not send a byte before. */
void client_expect_end(struct client *c);
/* Checks that no byte has come and that the connection is open. */
void client_expect_silence(struct client *c);
/* Checks that the head contains this line. */
void response_has(const struct response *r, const char *line);
void response_has_not(const struct response *r, const char *part);

#endif
