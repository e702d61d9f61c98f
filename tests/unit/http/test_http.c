/* http/http: what is accepted and what is refused, in whatever pieces the bytes arrive. */
#include "lib/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"

static const struct http_limits wide = { .max_bytes = 8192, .max_headers = 64 };

struct reading {
	enum http_result result;
	struct http_head head;
	size_t used;
};

/*
 * Gives the parser growing copies of the bytes that have arrived, without a byte behind them, so
 * that a sanitizer detects a read past them. The caller frees the last copy, into which the head
 * points.
 */
static char *
read_in_steps(struct slice text, size_t step, const struct http_limits *l, struct reading *r)
{
	char *copy = NULL;

	*r = (struct reading){ .result = HTTP_MORE };
	http_head_init(&r->head);
	for (size_t n = step < text.n ? step : text.n; r->result == HTTP_MORE; n += step) {
		if (n > text.n)
			n = text.n;
		free(copy);
		copy = malloc(n == 0 ? 1 : n);
		assert_non_null(copy);
		memcpy(copy, text.p, n);
		r->result = http_head_read(&r->head, l, (struct slice){ copy, n }, &r->used);
		if (n == text.n)
			break;
	}
	return copy;
}

static void
assert_same_slice(struct slice a, struct slice b)
{
	assert_int_equal(a.p == NULL, b.p == NULL);
	assert_true(slice_equals(a, b));
}

static void
assert_same_head(const struct http_head *a, const struct http_head *b)
{
	assert_int_equal(a->method, b->method);
	assert_int_equal(a->http10, b->http10);
	assert_int_equal(a->keep_alive, b->keep_alive);
	assert_int_equal(a->expect_continue, b->expect_continue);
	assert_int_equal(a->chunked, b->chunked);
	assert_true(a->content_length == b->content_length);
	assert_same_slice(a->path, b->path);
	assert_same_slice(a->query, b->query);
	assert_same_slice(a->authorization, b->authorization);
	assert_same_slice(a->origin, b->origin);
	assert_same_slice(a->content_encoding, b->content_encoding);
	assert_same_slice(a->content_type, b->content_type);
	assert_same_slice(a->cookie, b->cookie);
	assert_same_slice(a->fetch_site, b->fetch_site);
}

/* Reads the text as a whole, and in pieces of every size up to 7; all results must agree. The
 * caller frees the returned copy. */
static char *
read_head(struct slice text, const struct http_limits *l, struct reading *r)
{
	char *copy = read_in_steps(text, text.n, l, r);

	for (size_t step = 1; step < 8; step++) {
		struct reading other;
		char *other_copy = read_in_steps(text, step, l, &other);

		assert_int_equal(r->result, other.result);
		assert_ptr_equal(r->head.error, other.head.error);
		if (r->result == HTTP_DONE) {
			assert_int_equal(r->used, other.used);
			assert_same_head(&r->head, &other.head);
		}
		free(other_copy);
	}
	return copy;
}

#define H "Host: a\r\n"

static const struct {
	struct slice text;
	const char *why; /* part of the error */
} refused[] = {
#define BAD(text, why)                                                                             \
	{                                                                                          \
		{ text, sizeof(text) - 1 }, why                                                    \
	}
	/* framing */
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "twice"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "twice"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5,6\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: +16\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 0x10\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 1f\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 1 6\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 16.0\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: \"16\"\r\n\r\n", "not a number"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", "is empty"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length:  \t \r\n\r\n", "is empty"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n", "too large"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999\r\n\r\n", "too large"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length : 16\r\n\r\n", "invalid byte"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length\t: 16\r\n\r\n", "invalid byte"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	    "both"),
	BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "both"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
	    "both"),
	BAD("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked,\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", "not chunked"),
	BAD("POST / HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "twice"),
	BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", "invalid byte"),
	BAD("POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n", "Expect"),
	BAD("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
	    "twice"),
	/* line ends and bytes */
	BAD("GET / HTTP/1.1\nHost: a\n\n", "line feed"),
	BAD("GET / HTTP/1.1\r\nHost: a\n\r\n", "line feed"),
	BAD("GET / HTTP/1.1\r\n" H "\n", "line feed"),
	BAD("GET / HTTP/1.1\rHost: a\r\n\r\n", "carriage return"),
	BAD("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "carriage return"),
	BAD("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "carriage return"),
	BAD("GET / HTTP/1.1\r\n" H "\rX", "carriage return"),
	BAD("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n", "control byte"),
	BAD("GET / HTTP/1.1\r\n" H "X: \x01\r\n\r\n", "control byte"),
	BAD("GET / HTTP/1.1\r\n" H "X: \x0b\r\n\r\n", "control byte"),
	BAD("GET / HTTP/1.1\r\n" H "X: \x0c\r\n\r\n", "control byte"),
	BAD("GET / HTTP/1.1\r\n" H "X: \x7f\r\n\r\n", "control byte"),
	BAD("GET / HTTP/1.1\r\n" H "X: \x1b[0m\r\n\r\n", "control byte"),
	BAD("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "control byte"), /* TLS */
	/* names */
	BAD("GET / HTTP/1.1\r\n" H ": x\r\n\r\n", "no name"),
	BAD("GET / HTTP/1.1\r\n" H "a b: x\r\n\r\n", "invalid byte"),
	BAD("GET / HTTP/1.1\r\n" H "a(b): x\r\n\r\n", "invalid byte"),
	BAD("GET / HTTP/1.1\r\n" H "a\xc3\xa4: x\r\n\r\n", "invalid byte"),
	BAD("GET / HTTP/1.1\r\n" H "a/b: x\r\n\r\n", "invalid byte"),
	BAD("GET / HTTP/1.1\r\n" H "novalue\r\n\r\n", "no colon"),
	BAD("GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", "white space"),
	BAD("GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n", "white space"),
	BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "white space"),
	BAD("GET / HTTP/1.1\r\n" H " \r\n\r\n", "white space"),
	/* the host */
	BAD("GET / HTTP/1.1\r\n\r\n", "Host is missing"),
	BAD("GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", "Host is missing"),
	BAD("GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n", "Host is given twice"),
	BAD("GET / HTTP/1.1\r\n" H "host: a\r\n\r\n", "Host is given twice"),
	BAD("GET / HTTP/1.0\r\n" H "Host: a\r\n\r\n", "Host is given twice"),
	BAD("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "not a valid host"),
	BAD("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "not a valid host"),
	BAD("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "not a valid host"),
	BAD("GET / HTTP/1.1\r\nHost: a\xff\r\n\r\n", "not a valid host"),
	/* fields that must not occur twice, because it is unclear which one counts */
	BAD("GET / HTTP/1.1\r\n" H "Authorization: a\r\nAuthorization: a\r\n\r\n", "twice"),
	BAD("GET / HTTP/1.1\r\n" H "Origin: a\r\nOrigin: b\r\n\r\n", "twice"),
	BAD("GET / HTTP/1.1\r\n" H "X-Signature: a\r\nx-signature: a\r\n\r\n", "twice"),
	BAD("GET / HTTP/1.1\r\n" H "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n",
	    "twice"),
	/* the request line */
	BAD("GET / HTTP/2.0\r\n" H "\r\n", "only HTTP"),
	BAD("GET / HTTP/1.2\r\n" H "\r\n", "only HTTP"),
	BAD("GET / HTTP/0.9\r\n" H "\r\n", "only HTTP"),
	BAD("GET / HTTP/1.1 \r\n" H "\r\n", "only HTTP"),
	BAD("GET / HTTP/1.10\r\n" H "\r\n", "only HTTP"),
	BAD("GET / HTTP/01.1\r\n" H "\r\n", "only HTTP"),
	BAD("GET / http/1.1\r\n" H "\r\n", "only HTTP"),
	BAD("GET / HTTP/1,1\r\n" H "\r\n", "only HTTP"),
	BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "only HTTP"),
	BAD("GET /\r\n" H "\r\n", "target"),
	BAD("GET\r\n" H "\r\n", "method"),
	BAD("\r\n", "method"),
	BAD(" GET / HTTP/1.1\r\n" H "\r\n", "method"),
	BAD("G(T / HTTP/1.1\r\n" H "\r\n", "method"),
	BAD("GET  / HTTP/1.1\r\n" H "\r\n", "target"),
	BAD("GET /  HTTP/1.1\r\n" H "\r\n", "only HTTP"),
	BAD("GET\t/ HTTP/1.1\r\n" H "\r\n", "method"),
	BAD("GET /a\tb HTTP/1.1\r\n" H "\r\n", "target"),
	BAD("GET /a b HTTP/1.1\r\n" H "\r\n", "only HTTP"),
	BAD("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", "target"),
	BAD("GET /a\0b HTTP/1.1\r\n" H "\r\n", "control byte"),
	BAD("GET a HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("GET ?a HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("GET * HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("OPTIONS *a HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("OPTIONS *?a HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("CONNECT a:80 HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("GET ftp://a/ HTTP/1.1\r\n" H "\r\n", "slash"),
	BAD("GET http:///a HTTP/1.1\r\n" H "\r\n", "host of the request target is not valid"),
	BAD("GET http://u@a/ HTTP/1.1\r\n" H "\r\n", "host of the request target is not valid"),
#undef BAD
};

static void
what_can_be_read_in_two_ways_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct reading r;
		char *copy = read_head(refused[i].text, &wide, &r);

		if (r.result != HTTP_BAD)
			fail_msg("taken: %s", refused[i].text.p);
		if (strstr(r.head.error, refused[i].why) == NULL)
			fail_msg("%s: %s", refused[i].text.p, r.head.error);
		free(copy);
	}
}

static void
a_refusal_lasts(void **state)
{
	struct http_head h;
	size_t used;

	(void)state;
	http_head_init(&h);
	assert_int_equal(http_head_read(&h, &wide, SLICE("GET /\x01"), &used), HTTP_BAD);
	assert_int_equal(
	    http_head_read(&h, &wide, SLICE("GET / HTTP/1.1\r\n" H "\r\n"), &used), HTTP_BAD);
}

static void
a_head_is_taken_apart(void **state)
{
	static const struct slice text = SLICE(
	    "POST /v1/track?writeKey=k&a HTTP/1.1\r\nhOsT: [::1]:80\r\nContent-Length: 0016\r\n"
	    "AUTHORIZATION:\t Basic abc= \t\r\nOrigin:https://a.example\r\nX-Empty:\r\n"
	    "Content-Encoding: gzip\r\nExpect: 100-Continue\r\nX-Text: caf\xc3\xa9 \"q\", x\ty\r\n"
	    "\r\n{\"the\":\"body\"}");
	struct reading r;
	char *copy = read_head(text, &wide, &r);

	(void)state;
	assert_int_equal(r.result, HTTP_DONE);
	assert_int_equal(r.used, text.n - strlen("{\"the\":\"body\"}"));
	assert_int_equal(r.head.method, HTTP_POST);
	assert_true(SLICE_IS(r.head.path, "/v1/track"));
	assert_true(SLICE_IS(r.head.query, "writeKey=k&a"));
	assert_true(SLICE_IS(r.head.authorization, "Basic abc="));
	assert_true(SLICE_IS(r.head.origin, "https://a.example"));
	assert_true(SLICE_IS(r.head.content_encoding, "gzip"));
	assert_int_equal(r.head.content_length, 16);
	assert_true(r.head.expect_continue);
	assert_true(r.head.keep_alive);
	assert_false(r.head.chunked);
	assert_false(r.head.http10);
	free(copy);
}

static void
what_a_browser_says_of_its_page_is_kept(void **state)
{
	struct reading r;
	char *copy =
	    read_head(SLICE("POST /api/act HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\n"
			    "sec-fetch-site: none\r\nCookie: a=b; c=\xff\r\nCONTENT-TYPE: "
			    "application/json\r\ncookie: c=d\r\nContent-Type: text/plain\r\n\r\n"),
		&wide, &r);

	(void)state;
	assert_int_equal(r.result, HTTP_DONE);
	assert_true(SLICE_IS(r.head.fetch_site, "same-origin"));
	assert_true(SLICE_IS(r.head.cookie, "a=b; c=\xff"));
	assert_true(SLICE_IS(r.head.content_type, "application/json"));
	free(copy);
}

static void
missing_headers_are_absent_and_empty_ones_are_not(void **state)
{
	struct reading r;
	char *copy = read_head(SLICE("GET /? HTTP/1.1\r\nHost:\r\nOrigin:\r\n\r\n"), &wide, &r);

	(void)state;
	assert_int_equal(r.result, HTTP_DONE);
	assert_true(r.head.query.p != NULL && r.head.query.n == 0);
	assert_true(r.head.origin.p != NULL && r.head.origin.n == 0);
	assert_null(r.head.authorization.p);
	assert_null(r.head.content_encoding.p);
	assert_null(r.head.cookie.p);
	assert_null(r.head.content_type.p);
	assert_null(r.head.fetch_site.p);
	assert_int_equal(r.head.content_length, 0);
	free(copy);
}

static const struct {
	const char *text;
	enum http_method method;
	const char *path;
	bool keep_alive;
} taken[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", HTTP_GET, "/", true },
	{ "HEAD /healthz HTTP/1.1\r\n" H "\r\n", HTTP_HEAD, "/healthz", true },
	{ "OPTIONS /v1/t HTTP/1.1\r\n" H "\r\n", HTTP_OPTIONS, "/v1/t", true },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", HTTP_OPTIONS, "*", true },
	{ "get / HTTP/1.1\r\n" H "\r\n", HTTP_OTHER, "/", true },
	{ "M-SEARCH / HTTP/1.1\r\n" H "\r\n", HTTP_OTHER, "/", true },
	{ "GET http://a.example:80/b?c HTTP/1.1\r\n" H "\r\n", HTTP_GET, "/b", true },
	{ "GET HTTPS://[::1]/b HTTP/1.1\r\n" H "\r\n", HTTP_GET, "/b", true },
	{ "GET http://a HTTP/1.1\r\n" H "\r\n", HTTP_GET, "/", true },
	{ "GET http://a?x HTTP/1.1\r\n" H "\r\n", HTTP_GET, "/", true },
	{ "GET /%00%2f HTTP/1.1\r\n" H "\r\n", HTTP_GET, "/%00%2f", true },
	{ "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", HTTP_GET, "/", false },
	{ "GET / HTTP/1.1\r\n" H "Connection: a , CLOSE ,b\r\n\r\n", HTTP_GET, "/", false },
	{ "GET / HTTP/1.1\r\n" H "Connection: keep-alive\r\nConnection: close\r\n\r\n", HTTP_GET,
	    "/", false },
	{ "GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", HTTP_GET, "/", true },
	{ "GET / HTTP/1.0\r\n\r\n", HTTP_GET, "/", false },
	{ "GET / HTTP/1.0\r\n" H "Connection: Keep-Alive\r\n\r\n", HTTP_GET, "/", true },
	{ "GET / HTTP/1.0\r\nExpect: anything\r\n\r\n", HTTP_GET, "/", false },
};

static void
lawful_heads_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		struct reading r;
		char *copy = read_head(slice_from(taken[i].text), &wide, &r);

		if (r.result != HTTP_DONE)
			fail_msg("refused: %s: %s", taken[i].text, r.head.error);
		assert_int_equal(r.used, strlen(taken[i].text));
		assert_int_equal(r.head.method, taken[i].method);
		assert_true(slice_equals(r.head.path, slice_from(taken[i].path)));
		if (r.head.keep_alive != taken[i].keep_alive)
			fail_msg("kept alive or not: %s", taken[i].text);
		assert_false(r.head.expect_continue);
		free(copy);
	}
}

static void
transfer_encoding_chunked_is_taken_in_any_case(void **state)
{
	struct reading r;
	char *copy = read_head(
	    SLICE("POST / HTTP/1.1\r\n" H "transfer-encoding: CHUNKED\r\n\r\n"), &wide, &r);

	(void)state;
	assert_int_equal(r.result, HTTP_DONE);
	assert_true(r.head.chunked);
	assert_int_equal(r.head.content_length, 0);
	free(copy);
}

static void
the_largest_content_length_is_taken(void **state)
{
	struct reading r;
	char *copy =
	    read_head(SLICE("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551615\r\n\r\n"),
		&wide, &r);

	(void)state;
	assert_int_equal(r.result, HTTP_DONE);
	assert_true(r.head.content_length == UINT64_MAX);
	free(copy);
}

static void
a_head_has_a_largest_size(void **state)
{
	static const struct slice text =
	    SLICE("GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n{}");
	size_t head = text.n - 2;
	struct reading r;

	(void)state;
	for (size_t max = 1; max < head + 3; max++) {
		struct http_limits l = { .max_bytes = max, .max_headers = 10 };
		char *copy = read_head(text, &l, &r);

		if (max >= head) {
			assert_int_equal(r.result, HTTP_DONE);
		} else {
			assert_int_equal(r.result, HTTP_BAD);
			assert_string_equal(r.head.error, "the headers are too long");
		}
		free(copy);
	}
}

static void
a_head_has_a_largest_number_of_headers(void **state)
{
	static const struct slice text =
	    SLICE("GET / HTTP/1.1\r\nHost: a\r\nB: b\r\nC: c\r\nD: d\r\n\r\n");
	struct reading r;

	(void)state;
	for (unsigned max = 1; max < 6; max++) {
		struct http_limits l = { .max_bytes = 1000, .max_headers = max };
		char *copy = read_head(text, &l, &r);

		assert_int_equal(r.result, max >= 4 ? HTTP_DONE : HTTP_BAD);
		if (max < 4)
			assert_string_equal(r.head.error, "too many headers");
		free(copy);
	}
}

static void
an_unfinished_head_waits(void **state)
{
	static const char text[] = "POST /v1/t HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct reading r;
		char *copy = read_head((struct slice){ text, n }, &wide, &r);

		assert_int_equal(r.result, HTTP_MORE);
		free(copy);
	}
}

static void
empty_lines_before_a_request_are_counted(void **state)
{
	(void)state;
	assert_int_equal(http_blank(SLICE("")), 0);
	assert_int_equal(http_blank(SLICE("\r")), 0);
	assert_int_equal(http_blank(SLICE("\r\n")), 2);
	assert_int_equal(http_blank(SLICE("\r\n\r\n\r")), 4);
	assert_int_equal(http_blank(SLICE("\n\r\n")), 0);
	assert_int_equal(http_blank(SLICE("G\r\n")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_read_in_two_ways_is_refused),
		cmocka_unit_test(a_refusal_lasts),
		cmocka_unit_test(a_head_is_taken_apart),
		cmocka_unit_test(what_a_browser_says_of_its_page_is_kept),
		cmocka_unit_test(missing_headers_are_absent_and_empty_ones_are_not),
		cmocka_unit_test(lawful_heads_are_taken),
		cmocka_unit_test(the_largest_content_length_is_taken),
		cmocka_unit_test(a_head_has_a_largest_size),
		cmocka_unit_test(a_head_has_a_largest_number_of_headers),
		cmocka_unit_test(an_unfinished_head_waits),
		cmocka_unit_test(empty_lines_before_a_request_are_counted),
		cmocka_unit_test(transfer_encoding_chunked_is_taken_in_any_case),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
