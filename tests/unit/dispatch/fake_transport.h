/*
 * A transport that sends nothing: the test sees the requests and decides how they end. Any thread
 * may call the fake_transport_ functions.
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
	struct transport ops; /* must be first */
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct fake_request *requests[FAKE_REQUESTS_MAX];
	size_t n_requests;
	struct fake_request *ended[FAKE_REQUESTS_MAX]; /* ended and not yet taken */
	size_t n_ended;
	bool woken;
	unsigned wakes;
	bool refuse;  /* start fails */
	int64_t date; /* of the next answers; 0: they have none */
	bool *freed;  /* set when the transport is freed; or NULL */
};

struct fake_transport *fake_transport_new(void);
size_t fake_transport_open(struct fake_transport *t);
size_t fake_transport_count(struct fake_transport *t);
/* Ends request i (from 0) with a complete answer. retry_after_ms: -1 for none. */
void fake_transport_answer(
    struct fake_transport *t, size_t i, int status, const char *body, int64_t retry_after_ms);
/* Ends request i without a complete answer. */
void fake_transport_break(
    struct fake_transport *t, size_t i, enum request_phase phase, const char *error);

#endif
