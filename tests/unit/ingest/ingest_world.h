/*
 * Ingest in one thread with its clients: an event loop, real sockets, a fake outbox, and a clock
 * that stands until the test puts it forward.
 */
#ifndef UNIT_INGEST_INGEST_WORLD_H
#define UNIT_INGEST_INGEST_WORLD_H

#include <event2/event.h>
#include <stdbool.h>

#include "ingest/ingest.h"
#include "unit/ingest/ingest_outbox.h"

struct world {
	struct event_base *base;
	struct event *beat; /* so that the loop looks up now and then */
	unsigned n_beats;
	struct outbox *outbox;
	struct ingest *ingest;
	struct ingest_options o;
	int64_t clock_offset;
	struct clock clock;
};

/* Options that a test may change before world_open: one site, no keys, 127.0.0.1. */
struct world *world_new(void);
void world_open(struct world *w);
/* world_new and world_open, with three keys for two sites when `keys`. */
struct world *world_start(bool keys);
void world_free(struct world *w);
/* That much time goes by for ingest, none for the test. */
void world_wait_ms(struct world *w, int64_t ms);

/* Runs the loop until test(arg) or ten seconds have gone by: then the test fails with `what`. */
void world_run_until(struct world *w, bool (*test)(void *arg), void *arg, const char *what);
/* Runs the loop as often as something happens in it, at least for some rounds. */
void world_run_a_while(struct world *w);
/* How often the loop woke up during 20 of its beats: about as often when it has nothing to do. */
unsigned world_count_rounds(struct world *w);
void world_run_until_waiting(struct world *w, unsigned n);
void world_run_until_given_back(struct world *w, unsigned n);

struct client {
	struct world *w;
	int fd;
	char got[65536]; /* read, not yet taken by client_answer */
	size_t n_got;
	bool closed; /* by the server */
};

/* Connects to listener i; finishes when the kernel has taken it, accepted or not. */
struct client *client_new(struct world *w, size_t i);
void client_free(struct client *c);
void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, const char *p, size_t n);
/* A POST with Content-Length; headers ends with CRLF or is "". */
void client_post(struct client *c, const char *path, const char *headers, const char *body);
/* Reads what is there without waiting; the bytes that wait to be taken. */
size_t client_read(struct client *c);

struct response {
	int status;
	char head[1024];
	char body[2048];
};

/* Waits for one whole response. */
void client_answer(struct client *c, struct response *ret_response);
/* client_answer, of that status; ret_response may be NULL. */
void client_expect(struct client *c, int status, struct response *ret_response);
/* Waits for the end of the connection: nothing more may come before it. */
void client_expect_end(struct client *c);
/* Nothing has come and the connection is open. */
void client_expect_silence(struct client *c);
/* The head holds this line. */
void response_has(const struct response *r, const char *line);
void response_has_not(const struct response *r, const char *part);

#endif
