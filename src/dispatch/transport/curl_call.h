/*
 * One request on a libcurl handle: how to set it up, and what is known when the request has ended.
 * For transport_curl.c, which drives it. Dispatcher thread.
 *
 * What is known about a request that failed, with libcurl 7.88:
 * - libcurl calls CURLOPT_PREREQFUNCTION when a connection is ready (DNS, connect, proxy and TLS
 * are done, or it is a kept connection) and before the first byte of the request. Without that call
 *   nothing was sent.
 * - CURLINFO_REQUEST_SIZE counts the bytes of the request's head that the kernel took. A small body
 *   is included, and so is a CONNECT to a proxy; the count at the time of the callback is therefore
 *   subtracted. When it is still zero after the callback, nothing of the request was sent.
 * - When a kept connection turns out to be dead before any byte of an answer, libcurl silently
 * sends the same request, even a POST, again on a new one, and Bento could have both. The second
 * call of the callback shows it. The repetition is allowed when nothing had been sent (the write
 * failed); otherwise the request ends as PHASE_SENDING, because its outcome is unknown. To make
 * that rare, connections that were idle for long are not used again.
 * - When a request takes too long, the transport ends it, not libcurl.
 * - CURLE_OK means a complete answer, with one exception: when the connection is closed within the
 *   head, libcurl treats the partial head as an answer without a body. The end of the head is
 *   therefore recorded, too.
 */
#ifndef DISPATCH_TRANSPORT_CURL_CALL_H
#define DISPATCH_TRANSPORT_CURL_CALL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"
#include "dispatch/transport/transport.h"

struct curl_call {
	struct curl_call *next; /* for the transport */
	CURL *easy;
	void *owner;
	struct curl_slist *common; /* headers of every request; borrowed */
	struct curl_slist *own;    /* headers of this request; the last one leads to `common` */
	bool ready;                /* a connection was ready */
	bool again;                /* libcurl wanted to send the request a second time */
	bool late;                 /* its time was over before a connection was ready */
	bool headed;               /* the head of the answer is complete */
	bool canceled;             /* canceled by the dispatcher */
	long size_before;          /* CURLINFO_REQUEST_SIZE when the connection was ready */
	CURLcode code;             /* libcurl's result for the request */
	size_t received;           /* bytes of the answer's body */
	/* By clock_awake. libcurl's own timeout ends a request before it has read what is waiting
	 * in the socket, which matters to a process that was stopped. */
	int64_t deadline_ms;
	struct buf response;
	char error[CURL_ERROR_SIZE];
};

/* headers are borrowed while the call exists. Returns NULL without memory. */
struct curl_call *curl_call_new(const char *user_agent, struct curl_slist *headers);
void curl_call_free(struct curl_call *call);
/* Sets the handle up for a request. Copies its strings, but not the body. ERR_INPUT or
 * ERR_NOMEM. */
int curl_call_set_up(struct curl_call *call, const struct transport_request *r, struct err *e);
/* Classifies the end while the multi handle still holds the call. Moves the response into the
 * result. */
void curl_call_classify(struct curl_call *call, struct transport_result *ret_result);

#endif
