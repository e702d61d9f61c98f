/*
 * The part of HTTP/1.1 that the simulator needs: the head of a request, Basic credentials, a query.
 * Pure.
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
	bool chunked; /* the request has Transfer-Encoding, which is not supported */
	bool expects_continue;
	bool closes; /* the client will not use the connection again */
};

/* text: request line and headers with their line ends, without the final empty line. */
int http_head_parse(struct slice text, struct http_head *ret_head, struct err *e);

/* Decodes the value of a name in a query into `to`. Returns false when it is absent. */
bool http_query_get(struct slice query, const char *name, struct buf *to);
/* Decodes user:password of a Basic authorization into `to`. Returns -1 for any other. */
int http_basic_decode(struct slice authorization, struct buf *to);

const char *http_reason(unsigned status);

#endif
