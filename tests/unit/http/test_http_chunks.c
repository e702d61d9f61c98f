/* http/http_chunks: chunked bodies, in whatever pieces the bytes arrive. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "http/http.h"

static const struct http_limits wide = { .max_bytes = 8192, .max_headers = 64 };

struct chunk_reading {
	enum http_result result;
	struct http_chunks chunks;
	char data[256];
	size_t n_data;
	size_t used;
};

/* Feeds at most `step` bytes at a time. */
static void
read_chunks_in_steps(
    struct slice text, size_t step, const struct http_limits *l, struct chunk_reading *r)
{
	*r = (struct chunk_reading){ .result = HTTP_MORE };
	http_chunks_init(&r->chunks);
	while (r->result == HTTP_MORE && r->used < text.n) {
		size_t n = step < text.n - r->used ? step : text.n - r->used;
		char *copy = malloc(n);
		struct slice data;
		size_t used;

		assert_non_null(copy);
		memcpy(copy, text.p + r->used, n);
		r->result =
		    http_chunks_read(&r->chunks, l, (struct slice){ copy, n }, &data, &used);
		assert_true(used > 0 && used <= n);
		assert_true(r->n_data + data.n <= sizeof(r->data));
		memcpy(r->data + r->n_data, data.p, data.n);
		r->n_data += data.n;
		r->used += used;
		free(copy);
	}
}

static void
read_chunks(struct slice text, const struct http_limits *l, struct chunk_reading *r)
{
	read_chunks_in_steps(text, text.n, l, r);
	for (size_t step = 1; step < 8; step++) {
		struct chunk_reading other;

		read_chunks_in_steps(text, step, l, &other);
		assert_int_equal(r->result, other.result);
		assert_ptr_equal(r->chunks.error, other.chunks.error);
		assert_int_equal(r->n_data, other.n_data);
		assert_memory_equal(r->data, other.data, r->n_data);
		assert_int_equal(r->used, other.used);
	}
}

static void
chunked_bodies_are_put_together(void **state)
{
	static const struct {
		const char *text;
		const char *data;
		size_t behind; /* bytes of the next request */
	} good[] = {
		{ "0\r\n\r\n", "", 0 },
		{ "3\r\nabc\r\n0\r\n\r\n", "abc", 0 },
		{ "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n", "abc0123456789", 0 },
		{ "000000000000003\r\n\r\n0\r\n0\r\n\r\nGET", "\r\n0", 3 },
		{ "a;x=y\r\n0123456789\r\n0;last\r\n\r\n", "0123456789", 0 },
		{ "1;a=\"b;c\" ; d\t\r\nz\r\n0\r\nTrailer: x\r\nOther:\r\n\r\nP", "z", 1 },
		{ "1;a=\"\\\";\\\\\"\r\nz\r\n0\r\n\r\n", "z", 0 },
		{ "1\r\n\n\r\n00\r\n\r\n\r\n", "\n", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct chunk_reading r;

		read_chunks(slice_from(good[i].text), &wide, &r);
		if (r.result != HTTP_DONE)
			fail_msg("%s: %s", good[i].text, r.chunks.error);
		assert_int_equal(r.n_data, strlen(good[i].data));
		assert_memory_equal(r.data, good[i].data, r.n_data);
		assert_int_equal(r.used, strlen(good[i].text) - good[i].behind);
	}
}

static void
doubtful_chunks_are_refused(void **state)
{
	static const struct slice bad[] = {
		SLICE("0x4\r\nabcd\r\n0\r\n\r\n"),
		SLICE("+4\r\nabcd\r\n0\r\n\r\n"),
		SLICE("-4\r\n"),
		SLICE(" 4\r\nabcd\r\n"),
		SLICE("4 \r\nabcd\r\n"),
		SLICE("4\t;x\r\nabcd\r\n"),
		SLICE("\r\n"),
		SLICE(";x\r\n"),
		SLICE("g\r\n"),
		SLICE("4\nabcd\n0\n\n"),
		SLICE("4\rabcd"),
		SLICE("4\r\nabcd\n"),
		SLICE("4\r\nabcde\r\n"),
		SLICE("4\r\nabcd\rx"),
		SLICE("4\r\nabcd0\r\n\r\n"),
		SLICE("1000000000000000\r\n"), /* 16 digits */
		SLICE("0000000000000001\r\n"),
		SLICE("4;a\x01\r\n"),
		SLICE("4;a\n"),
		SLICE("4;\r\nabcd\r\n0\r\n\r\n"),
		SLICE("4; \r\nabcd\r\n0\r\n\r\n"),
		SLICE("4;a;;b\r\nabcd\r\n0\r\n\r\n"),
		SLICE("4;a=\"b\r\nabcd\r\n0\r\n\r\n"),
		SLICE("4;a=\"\\\"\r\nabcd\r\n0\r\n\r\n"),
		SLICE("4;a\rb"),
		SLICE("0\r\nX: a\n\r\n"),
		SLICE("0\r\n\n"),
		SLICE("0\r\n\rX"),
		SLICE("0\r\n X: folded\r\n\r\n"),
		SLICE("0\r\n: x\r\n\r\n"),
		SLICE("0\r\nno colon\r\n\r\n"),
		SLICE("0\r\nnocolon\r\n\r\n"),
		SLICE("0\r\nX : a\r\n\r\n"),
		{ "0\r\nX: a\0b\r\n\r\n", 13 },
		{ "4\0\r\nabcd\r\n", 11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct chunk_reading r;

		read_chunks(bad[i], &wide, &r);
		if (r.result != HTTP_BAD)
			fail_msg("taken: %zu: %s", i, bad[i].p);
	}
}

static void
extensions_and_trailers_are_limited_over_the_whole_body(void **state)
{
	/* 3 + 3 bytes of extensions, and 4 bytes of a trailer */
	static const struct slice text =
	    SLICE("1;abc\r\nx\r\n1;abc\r\ny\r\n0\r\nA: b\r\nB:\r\n\r\n");
	struct chunk_reading r;

	(void)state;
	for (size_t max = 1; max < 15; max++) {
		struct http_limits l = { .max_bytes = max, .max_headers = 2 };

		read_chunks(text, &l, &r);
		assert_int_equal(r.result, max >= 3 + 3 + 4 + 2 ? HTTP_DONE : HTTP_BAD);
	}
	for (unsigned max = 0; max < 4; max++) {
		struct http_limits l = { .max_bytes = 100, .max_headers = max };

		read_chunks(text, &l, &r);
		assert_int_equal(r.result, max >= 2 ? HTTP_DONE : HTTP_BAD);
	}
}

static void
an_unfinished_chunked_body_waits(void **state)
{
	static const char text[] = "3;e\r\nabc\r\n0\r\nT: x\r\n\r\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct chunk_reading r;

		read_chunks((struct slice){ text, n }, &wide, &r);
		assert_int_equal(r.result, HTTP_MORE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunked_bodies_are_put_together),
		cmocka_unit_test(doubtful_chunks_are_refused),
		cmocka_unit_test(extensions_and_trailers_are_limited_over_the_whole_body),
		cmocka_unit_test(an_unfinished_chunked_body_waits),
	};

	return cmocka_run_group_tests_name("http chunks", tests, NULL, NULL);
}
