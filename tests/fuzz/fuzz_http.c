/*
 * Reads bytes as a connection would: head, body, next head, and so on; once as a whole, and once in
 * pieces whose size is the first byte of the input. Both must find the same requests with the same
 * bodies at the same positions, and stop for the same reason. Every call gets an exact copy of its
 * bytes, so that AddressSanitizer detects a read outside.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"

#define MAX_INPUT 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits limits = { .max_bytes = 512, .max_headers = 8 };

/* The observable results of a run. */
struct seen {
	uint64_t requests; /* a hash of heads and bodies in order */
	size_t n_requests;
	size_t at; /* position up to which the input was read successfully */
	const char *error;
};

struct run {
	struct seen seen;
	struct slice text;
	size_t there; /* bytes that have arrived */
	bool in_body;
	struct http_head head;
	struct http_chunks chunks;
	uint64_t left;
};

static void
check(bool right)
{
	if (!right)
		abort();
}

static void
see(struct run *r, const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		r->seen.requests = (r->seen.requests ^ bytes[i]) * UINT64_C(1099511628211);
}

static void
see_slice(struct run *r, struct slice s, struct slice within)
{
	/* only "/" for an absolute target without a path does not point into the input */
	if (s.p != NULL && !SLICE_IS(s, "/"))
		check(s.p >= within.p && s.p + s.n <= within.p + within.n);
	see(r, &s.n, sizeof(s.n));
	see(r, s.p == NULL ? "" : s.p, s.n);
}

static void
see_head(struct run *r, struct slice within)
{
	const struct http_head *h = &r->head;
	const bool flags[] = { h->http10, h->keep_alive, h->expect_continue, h->chunked };

	check(!h->chunked || h->content_length == 0);
	check(!(h->chunked && h->http10));
	check(!(h->expect_continue && h->http10));
	check(h->path.n > 0 && (h->path.p[0] == '/' || SLICE_IS(h->path, "*")));
	see(r, &h->method, sizeof(h->method));
	see(r, flags, sizeof(flags));
	see(r, &h->content_length, sizeof(h->content_length));
	see_slice(r, h->path, within);
	see_slice(r, h->query, within);
	see_slice(r, h->authorization, within);
	see_slice(r, h->origin, within);
	see_slice(r, h->content_encoding, within);
	see_slice(r, h->signature, within);
	see_slice(r, h->content_type, within);
	see_slice(r, h->cookie, within);
	see_slice(r, h->fetch_site, within);
	r->seen.n_requests++;
}

/* Copies the bytes that were not read yet; the caller frees p. */
static struct slice
copy_rest(const struct run *r)
{
	size_t n = r->there - r->seen.at;
	char *p = malloc(n == 0 ? 1 : n);

	check(p != NULL);
	memcpy(p, r->text.p + r->seen.at, n);
	return (struct slice){ p, n };
}

static enum http_result
read_head(struct run *r, struct slice bytes)
{
	size_t used = 0;
	enum http_result result = http_head_read(&r->head, &limits, bytes, &used);

	if (result == HTTP_BAD)
		r->seen.error = r->head.error;
	if (result != HTTP_DONE)
		return result;
	check(used > 0 && used <= bytes.n && used <= limits.max_bytes);
	see_head(r, (struct slice){ bytes.p, used });
	r->seen.at += used;
	r->left = r->head.content_length;
	http_chunks_init(&r->chunks);
	r->in_body = true;
	return HTTP_DONE;
}

static enum http_result
read_body(struct run *r, struct slice bytes)
{
	enum http_result result = HTTP_MORE;
	struct slice data = bytes;
	size_t used;

	if (r->head.chunked) {
		result = http_chunks_read(&r->chunks, &limits, bytes, &data, &used);
		check(used <= bytes.n && data.n <= used);
		check(data.n == 0 || (data.p >= bytes.p && data.p + data.n <= bytes.p + used));
		if (result == HTTP_BAD)
			r->seen.error = r->chunks.error;
	} else {
		if (data.n > r->left)
			data.n = (size_t)r->left;
		used = data.n;
		r->left -= used;
		if (r->left == 0)
			result = HTTP_DONE;
	}
	see(r, data.p, data.n);
	if (result != HTTP_BAD)
		r->seen.at += used;
	if (result == HTTP_DONE) {
		r->in_body = false;
		http_head_init(&r->head);
	}
	return result;
}

/* Reads one step; returns false after an error, or when nothing more can be read yet. */
static bool
go_on(struct run *r)
{
	struct slice bytes = copy_rest(r);
	size_t before = r->seen.at;
	bool in_body = r->in_body;

	if (in_body)
		read_body(r, bytes);
	else
		read_head(r, bytes);
	free((void *)(uintptr_t)bytes.p);
	return r->seen.error == NULL && (r->seen.at > before || r->in_body != in_body);
}

static struct seen
run(struct slice text, size_t step)
{
	struct run r = { .text = text };

	http_head_init(&r.head);
	while (r.there < text.n && r.seen.error == NULL) {
		r.there = text.n - r.there < step ? text.n : r.there + step;
		while (go_on(&r))
			;
	}
	return r.seen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;
	struct seen whole, pieces;

	if (size < 2 || size > MAX_INPUT)
		return 0;
	text = (struct slice){ (const char *)data + 1, size - 1 };
	whole = run(text, text.n);
	pieces = run(text, (size_t)data[0] % 64 + 1);
	check(whole.error == pieces.error);
	check(whole.n_requests == pieces.n_requests);
	check(whole.requests == pieces.requests);
	/* inside a refused chunk the position may depend on the sizes of the pieces */
	check(whole.error != NULL || whole.at == pieces.at);
	return 0;
}
