/*
 * A transport that sends nothing: the test sees the requests and says what comes of them. Any
 * thread may call the fake_transport_ functions.
 */
#ifndef UNIT_DISPATCH_FAKE_TRANSPORT_H
#define UNIT_DISPATCH_FAKE_TRANSPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "dispatch/transport/transport.h"

#define FAKE_REQUESTS_MAX 4096

struct fake_request {
	struct transport_request request; /* the strings are still borrowed */
	char *body;                       /* a copy */
	bool open;
	struct transport_result result;
};

struct fake_transport {
	struct transport ops; /* first */
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct fake_request *requests[FAKE_REQUESTS_MAX];
	size_t n_requests;
	struct fake_request *ended[FAKE_REQUESTS_MAX]; /* and not yet taken */
	size_t n_ended;
	bool woken;
	unsigned wakes;
	bool refuse; /* start fails */
	bool *freed; /* set when it is freed; or NULL */
};

struct fake_transport *fake_transport_new(void);
size_t fake_transport_open(struct fake_transport *t);
size_t fake_transport_count(struct fake_transport *t);
/* A complete answer to request i (from 0). retry_after_ms: -1 none. */
void fake_transport_answer(
    struct fake_transport *t, size_t i, int status, const char *body, int64_t retry_after_ms);
/* Request i ends without a complete answer. */
void fake_transport_break(
    struct fake_transport *t, size_t i, enum request_phase phase, const char *error);

#endif
