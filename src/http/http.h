/*
 * Reading HTTP/1.1, strictly: request heads and chunked bodies from bytes in memory.
 *
 * Pure: no I/O, no clock, no allocation; any thread. Ambiguous input is refused (doc/faults.md,
 * What a strict HTTP reader must refuse). After a refusal the connection must be closed, because
 * the start of the next request is unknown. The result does not depend on how the network divided
 * the bytes.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum http_result {
	HTTP_MORE, /* incomplete: call again with more bytes */
	HTTP_DONE,
	HTTP_BAD /* `error` says why */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

struct http_limits {
	size_t max_bytes; /* the most bytes of a head; also of all trailers and chunk extensions of
			     a body */
	unsigned max_headers; /* the most headers in a head; also the most trailers */
};

/* The position of a run of bytes, which stays right when the bytes move between two calls. */
struct http_span {
	size_t at;
	size_t n;
	bool there;
};

struct http_head {
	/* valid after HTTP_DONE; slices point into the bytes of that call */
	enum http_method method;
	bool http10;
	bool keep_alive;      /* the connection may be used again */
	bool expect_continue; /* the client waits for 100 Continue before it sends the body */
	bool chunked;
	uint64_t content_length; /* 0 when absent */
	struct slice path;       /* raw, up to the question mark */
	struct slice query;      /* raw, after the question mark; absent without a question mark */
	struct slice authorization; /* absent without the header; so are the slices below */
	struct slice origin;
	struct slice content_encoding;
	struct slice signature; /* X-Signature */
	struct slice write_key; /* X-Write-Key, from Jitsu's clients */
	struct slice host;
	struct slice accept;          /* of several such headers the first */
	struct slice request_headers; /* Access-Control-Request-Headers, in a preflight */
	struct slice box;             /* Bentospool-Box, from a spooler that forwards */
	struct slice content_type;    /* of several such headers the first; so are the next two */
	struct slice cookie;
	struct slice fetch_site;   /* Sec-Fetch-Site: what a browser says of the page */
	bool asks_private_network; /* Access-Control-Request-Private-Network */
	/* after HTTP_BAD: static text */
	const char *error;

	/* private */
	size_t scanned;    /* there is no line end before this position */
	size_t line_start; /* where the next line begins */
	bool have_request_line;
	bool have_host;
	bool have_length;
	bool have_encoding; /* the head has Transfer-Encoding */
	bool have_expect;
	bool says_close;
	bool says_keep_alive;
	unsigned n_headers;
	struct http_span path_at, query_at, authorization_at, origin_at, content_encoding_at,
	    signature_at, write_key_at, request_headers_at, box_at, host_at, accept_at,
	    content_type_at, cookie_at, fetch_site_at;
};

void http_head_init(struct http_head *h);
/*
 * Continues reading. `bytes` always begins with the first byte of the head and never has fewer
 * bytes than in the previous call. After HTTP_DONE ret_used is where the body begins.
 */
enum http_result http_head_read(
    struct http_head *h, const struct http_limits *l, struct slice bytes, size_t *ret_used);

/* Whether s is a token (RFC 9110, 5.6.2). */
bool http_is_token(struct slice s);
/* Removes blanks and tabs at both ends. */
struct slice http_trim(struct slice s);
/* Cuts the text up to the separator from the front of rest, and returns it without the blanks
 * around it. */
struct slice http_cut(struct slice *rest, char separator);
char http_lower(char c);
/* Returns the length of the empty lines before the next request: some clients send one after a
 * body. */
size_t http_blank(struct slice bytes);

enum http_chunk_state {
	CHUNK_SIZE_FIRST,
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER_START,
	CHUNK_TRAILER_NAME,
	CHUNK_TRAILER_VALUE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF
};

struct http_chunks {
	const char *error; /* after HTTP_BAD: static text */

	/* private */
	enum http_chunk_state state;
	uint64_t left;     /* bytes left of the chunk; while the size is read, the size so far */
	unsigned n_digits; /* digits of the size read so far */
	size_t n_extra;    /* bytes of extensions and trailers so far */
	unsigned n_trailers;
	bool unnamed; /* an extension has begun and has no byte yet */
	bool quoted;  /* in the quotes of an extension's value */
	bool escaped; /* behind a backslash there */
};

void http_chunks_init(struct http_chunks *c);
/*
 * Continues with bytes that were not read yet. ret_used is the number that was consumed; ret_data
 * is the run of body bytes among them, often empty. HTTP_MORE with bytes left: call again. Trailers
 * are dropped.
 */
enum http_result http_chunks_read(struct http_chunks *c, const struct http_limits *l,
    struct slice bytes, struct slice *ret_data, size_t *ret_used);

#endif
