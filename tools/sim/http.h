/*
 * As much of HTTP/1.1 as the simulator needs: the head of a request, Basic auth, a query. Pure.
 */
#ifndef TOOLS_SIM_HTTP_H
#define TOOLS_SIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define HTTP_MAX_HEAD 65536

struct http_head {
	struct slice method;
	struct slice path;
	struct slice query; /* absent without a question mark */
	struct slice authorization;
	struct slice user_agent;
	struct slice content_type;
	struct slice content_encoding;
	uint64_t content_length;
	bool chunked; /* there is a Transfer-Encoding: not served */
	bool expects_continue;
	bool closes; /* the client will not use the connection again */
};

/* text: request line and headers with their line ends, without the empty line. */
int http_head_parse(struct slice text, struct http_head *ret_head, struct err *e);

/* The value of a name in a query, percent-decoded into to; false when it is not there. */
bool http_query_get(struct slice query, const char *name, struct buf *to);
/* user:password of a Basic authorization, into to. -1 when it is none. */
int http_basic_decode(struct slice authorization, struct buf *to);

const char *http_reason(unsigned status);

#endif
