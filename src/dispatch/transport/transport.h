/*
 * Sending: what the dispatcher needs of HTTP, as an interface that tests can fake.
 *
 * Dispatcher thread only, except wake. A request's url, credentials and body are borrowed
 * until its result was taken.
 */
#ifndef DISPATCH_TRANSPORT_TRANSPORT_H
#define DISPATCH_TRANSPORT_TRANSPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/bento/verdict.h"

/* Bytes of an answer that are kept. The rest is read and dropped, up to the second figure, where
 * the answer is cut off. */
#define TRANSPORT_RESPONSE_MAX 65536
#define TRANSPORT_READ_MAX (1 << 20)

struct transport_request {
	void *owner; /* the caller's own */
	const char *url;
	const char *user; /* HTTP Basic */
	const char *password;
	const char *ca_file; /* NULL: the system's */
	struct slice body;
	int64_t timeout_ms;
};

struct transport_result {
	void *owner;
	enum request_phase phase;
	int http_status;        /* 0 when not even the head of an answer came */
	int64_t retry_after_ms; /* -1: none */
	char error[256];        /* "" when an answer came */
	struct buf response;    /* owned by the result: free with transport_result_free */
};

struct transport {
	/* Starts a request; -1 when it cannot even be started (no memory, bad URL). */
	int (*start)(struct transport *t, const struct transport_request *request, struct err *e);
	/*
	 * Moves all requests along and sleeps until one of them can move, wake is called, or
	 * timeout_ms has gone by (-1: no limit).
	 */
	int (*poll)(struct transport *t, int64_t timeout_ms, struct err *e);
	/* 1: a request ended, as ret_result says; 0: none. */
	int (*finished)(struct transport *t, struct transport_result *ret_result);
	/* Ends every request under way: they come out of `finished` with phase and error. */
	void (*cancel)(struct transport *t);
	/* Lifts poll out of its sleep. Any thread. */
	void (*wake)(struct transport *t);
	void (*free)(struct transport *t);
};

void transport_result_free(struct transport_result *r);

/*
 * The real one, on libcurl. user_agent is copied. Before other threads start: libcurl's global
 * set-up is not promised to be thread-safe everywhere.
 *
 * A request goes out at most once: what libcurl would silently send again on a new connection,
 * because a kept one was closed under it, ends as PHASE_SENDING instead.
 */
int transport_curl_new(const char *user_agent, struct transport **ret_transport, struct err *e);
/* The versions of libcurl and its TLS library, static, for people. */
void transport_curl_versions(const char **ret_curl, const char **ret_tls);

#endif
