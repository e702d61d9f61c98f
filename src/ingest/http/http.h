/*
 * Reading HTTP/1.1, strictly: request heads and chunked bodies from bytes in memory.
 *
 * Pure: no I/O, no clock, no allocation; any thread. Whatever could be read in two ways is refused
 * (doc/faults.md, What a strict server must refuse), and after a refusal the connection must be
 * closed, because nobody knows where the next request begins. The outcome does not depend on how
 * the bytes were cut on their way.
 */
#ifndef INGEST_HTTP_HTTP_H
#define INGEST_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum http_result {
	HTTP_MORE, /* not complete: come back with more bytes */
	HTTP_DONE,
	HTTP_BAD /* `error` says why */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

struct http_limits {
	size_t max_bytes;     /* of a head; of all trailers and chunk extensions of a body */
	unsigned max_headers; /* in a head; in the trailers */
};

/* A run of bytes by its place, so that the bytes may move between two calls. */
struct http_span {
	size_t at;
	size_t n;
	bool there;
};

struct http_head {
	/* after HTTP_DONE; slices point into the bytes of that call */
	enum http_method method;
	bool http10;
	bool keep_alive;      /* the connection may be used again */
	bool expect_continue; /* the client waits for 100 before it sends the body */
	bool chunked;
	uint64_t content_length;    /* 0 without one */
	struct slice path;          /* raw, up to the question mark */
	struct slice query;         /* raw, behind the question mark; absent without one */
	struct slice authorization; /* absent when missing, as those that follow */
	struct slice origin;
	struct slice content_encoding;
	struct slice signature;       /* X-Signature */
	struct slice write_key;       /* X-Write-Key, of Jitsu's clients */
	struct slice request_headers; /* Access-Control-Request-Headers, of a preflight */
	bool asks_private_network;    /* Access-Control-Request-Private-Network */
	/* after HTTP_BAD: static text */
	const char *error;

	/* private */
	size_t scanned;    /* no line ends before this */
	size_t line_start; /* of the line that comes next */
	bool have_request_line;
	bool have_host;
	bool have_length;
	bool have_encoding; /* Transfer-Encoding */
	bool have_expect;
	bool says_close;
	bool says_keep_alive;
	unsigned n_headers;
	struct http_span path_at, query_at, authorization_at, origin_at, content_encoding_at,
	    signature_at, write_key_at, request_headers_at;
};

void http_head_init(struct http_head *h);
/*
 * Reads on. `bytes` always begins with the first byte of the head and has at least as many bytes
 * as in the call before. ret_used (after HTTP_DONE): where the body begins.
 */
enum http_result http_head_read(
    struct http_head *h, const struct http_limits *l, struct slice bytes, size_t *ret_used);

/* A name as RFC 9110, 5.6.2 has it. */
bool http_is_token(struct slice s);
/* Without blanks and tabs at its ends. */
struct slice http_trim(struct slice s);
char http_lower(char c);
/* The bytes of the empty lines before the next request: some clients send one after a body. */
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
	uint64_t left;     /* of the chunk, or its size so far */
	unsigned n_digits; /* of the size */
	size_t n_extra;    /* bytes of extensions and trailers */
	unsigned n_trailers;
};

void http_chunks_init(struct http_chunks *c);
/*
 * Reads on from bytes that were not read yet. Uses ret_used of them; ret_data is the run of body
 * bytes among them, often empty. HTTP_MORE with bytes left over: call again. Trailers are dropped.
 */
enum http_result http_chunks_read(struct http_chunks *c, const struct http_limits *l,
    struct slice bytes, struct slice *ret_data, size_t *ret_used);

#endif
