/*
 * One request on a libcurl handle: how the handle is set up, and what can be proven when the
 * request has ended. For transport_curl.c, which drives it. Dispatcher thread.
 *
 * What is known of a request that failed, with libcurl 7.88:
 * - The callback of CURLOPT_PREREQFUNCTION comes when a connection is ready (DNS, connect, proxy,
 *   TLS are done, or it is a kept one) and before the first byte of the request. Without it nothing
 *   was sent.
 * - CURLINFO_REQUEST_SIZE counts the bytes of the request's head that the kernel took (a small body
 *   counts with it; a CONNECT to a proxy too, so what was there before the callback is taken off).
 *   Still zero after the callback: nothing of the request left.
 * - When a kept connection turns out to be dead before any byte of an answer, libcurl sends the
 *   same request again on a new one, even a POST, without a word. Bento could then have both. The
 *   second call of the callback shows it: the repetition is allowed when nothing had left (the
 *   write failed), and ended otherwise, as PHASE_SENDING: an unknown outcome, which is the truth.
 *   To make that rare, connections that rested for long are not used again.
 * - CURLE_OK is a complete answer, as far as HTTP can tell, but for one case: when the connection
 *   is closed inside the head, libcurl takes what there is for an answer without a body. So the end
 *   of the head is noted, too.
 */
#ifndef DISPATCH_TRANSPORT_CURL_CALL_H
#define DISPATCH_TRANSPORT_CURL_CALL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"
#include "dispatch/transport/transport.h"

struct curl_call {
	struct curl_call *next; /* the transport's */
	CURL *easy;
	void *owner;
	bool ready;       /* a connection was there */
	bool again;       /* libcurl wanted to send the request a second time */
	bool headed;      /* the head of the answer is complete */
	bool canceled;    /* by us */
	long size_before; /* CURLINFO_REQUEST_SIZE when the connection was ready */
	CURLcode code;    /* how it ended */
	size_t received;  /* bytes of the answer's body */
	struct buf response;
	char error[CURL_ERROR_SIZE];
};

/* headers are borrowed as long as the call lives. NULL: no memory. */
struct curl_call *curl_call_new(const char *user_agent, struct curl_slist *headers);
void curl_call_free(struct curl_call *call);
/* Sets the handle up for a request. Copies its strings, but not the body. ERR_INPUT, ERR_NOMEM. */
int curl_call_set_up(struct curl_call *call, const struct transport_request *r, struct err *e);
/* What is known at the end, while the multi handle still holds the call. Takes the response out. */
void curl_call_classify(struct curl_call *call, struct transport_result *ret_result);

#endif
