/*
 * Sends requests: the part of HTTP that the dispatcher needs, as an interface that tests can fake.
 *
 * Dispatcher thread only, except wake. A request's url, credentials, certificate and body are
 * borrowed until its result is taken.
 */
#ifndef DISPATCH_TRANSPORT_TRANSPORT_H
#define DISPATCH_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/bento/verdict.h"

/* The first TRANSPORT_RESPONSE_MAX bytes of an answer are kept. Further bytes are read and dropped;
 * after TRANSPORT_READ_MAX bytes the answer is cut off. */
#define TRANSPORT_RESPONSE_MAX 65536
#define TRANSPORT_READ_MAX (1 << 20)

struct transport_request {
	void *owner; /* for the caller's use */
	const char *url;
	const char *user; /* user name and password for HTTP Basic */
	const char *password;
	const char *ca_file;            /* NULL: the system's certificates */
	const char *client_certificate; /* shown to the server, in PEM form; NULL: none */
	const char *client_private_key; /* of it, in PEM form */
	struct slice body;
	bool gzip;          /* the body is compressed */
	const char *report; /* the value of a header Bentospool-Box; NULL: none */
	int64_t timeout_ms;
};

struct transport_result {
	void *owner;
	enum request_phase phase;
	int http_status;        /* 0 when not even the head of an answer arrived */
	int64_t retry_after_ms; /* -1 when absent */
	int64_t date;           /* wall ms, by the server's clock; 0: unknown */
	char error[256];        /* "" when an answer arrived */
	struct buf response;    /* owned by the result; freed by transport_result_free */
};

struct transport {
	/* Starts a request. Returns -1 when it cannot be started (no memory, bad URL). */
	int (*start)(struct transport *t, const struct transport_request *request, struct err *e);
	/*
	 * Advances all requests, and sleeps until one of them can advance, wake is called, or
	 * timeout_ms has passed (-1: no limit).
	 */
	int (*poll)(struct transport *t, int64_t timeout_ms, struct err *e);
	/* Returns 1 when a request ended (ret_result), 0 when none did. */
	int (*finished)(struct transport *t, struct transport_result *ret_result);
	/* Ends every request in flight: `finished` then returns them with phase and error. */
	void (*cancel)(struct transport *t);
	/* Wakes poll. Any thread. */
	void (*wake)(struct transport *t);
	void (*free)(struct transport *t);
};

void transport_result_free(struct transport_result *r);

/*
 * Makes the real transport, on libcurl. Copies user_agent. Call it before other threads start:
 * libcurl's global set-up is not thread-safe everywhere.
 *
 * A request is sent at most once: when a kept connection was closed and libcurl would silently send
 * the request again on a new one, it ends as PHASE_SENDING instead.
 */
int transport_curl_new(const char *user_agent, struct transport **ret_transport, struct err *e);
/* Returns the versions of libcurl and its TLS library as static texts for people. */
void transport_curl_versions(const char **ret_curl, const char **ret_tls);

#endif
