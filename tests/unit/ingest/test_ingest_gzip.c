/* ingest: gzip bodies over real sockets. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/gzip_maker.h"
#include "unit/ingest/ingest_world.h"

#define MAX_BODY 65536
#define GZIP "Content-Encoding: gzip\r\n"

static int
start(void **state)
{
	struct world *w = world_new();

	w->o.max_body = MAX_BODY;
	world_open(w);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	world_free(*state);
	return 0;
}

/* Makes {"a":"xxx..."} of n bytes; the caller frees it. */
static char *
make_body(size_t n)
{
	char *body = malloc(n + 1);

	assert_non_null(body);
	memset(body, 'x', n);
	memcpy(body, "{\"a\":\"", 6);
	memcpy(body + n - 2, "\"}", 3);
	return body;
}

static void
send_packed(struct client *c, const char *headers, const char *packed, size_t n)
{
	char head[512];

	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n%s\r\n", n, headers);
	client_send(c, head);
	client_send_bytes(c, packed, n);
}

static void
send_chunked(struct client *c, const char *packed, size_t n, size_t step)
{
	client_send(
	    c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" GZIP "\r\n");
	for (size_t at = 0; at < n && !c->closed; at += step) {
		size_t part = n - at < step ? n - at : step;
		char size[32];

		snprintf(size, sizeof(size), "%zx\r\n", part);
		client_send(c, size);
		client_send_bytes(c, packed + at, part);
		client_send(c, "\r\n");
	}
	client_send(c, "0\r\n\r\n");
}

static void
assert_stored(struct world *w, const char *body, size_t n)
{
	struct fake_put put;

	ingest_outbox_last(w->outbox, &put);
	assert_true(put.sum == ingest_outbox_sum(body, n));
}

static void
a_packed_body_is_stored_unpacked(void **state)
{
	static const char *const headers[] = {
		GZIP,
		"Content-Encoding: GZip\r\nContent-Type: application/x-www-form-urlencoded\r\n",
		"Content-Encoding: x-gzip\r\nContent-Type: text/plain\r\n",
	};
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	size_t n;

	for (size_t i = 0; i < 3; i++) {
		char *body = make_body(1000 + i), *packed = gzip_make(body, 1000 + i, 6, &n);

		send_packed(c, headers[i], packed, n);
		client_expect(c, 200, NULL);
		assert_stored(w, body, 1000 + i);
		free(packed);
		free(body);
	}
	client_post(c, "/v1/track", "", "{}"); /* the next body is not taken for gzip */
	client_expect(c, 200, NULL);
	assert_stored(w, "{}", 2);
	client_free(c);
}

static void
chunks_and_gzip_go_together(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *body = make_body(50000);
	size_t n;
	char *packed = gzip_make(body, 50000, 6, &n);

	for (size_t step = 1; step <= n; step *= 3) {
		send_chunked(c, packed, n, step);
		client_expect(c, 200, NULL);
		assert_stored(w, body, 50000);
	}
	client_free(c);
	free(packed);
	free(body);
}

static void
who_waits_for_100_may_send_gzip(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char head[256], *body = make_body(2000);
	size_t n;
	char *packed = gzip_make(body, 2000, 6, &n);

	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n"
	    "Expect: 100-continue\r\n" GZIP "\r\n",
	    n);
	client_send(c, head);
	client_expect(c, 100, NULL);
	client_send_bytes(c, packed, n);
	client_expect(c, 200, NULL);
	assert_stored(w, body, 2000);
	client_free(c);
	free(packed);
	free(body);
}

/* The limit counts unpacked bytes at any level of compression, even if the packed body is
 * longer. */
static void
the_largest_body_is_taken_and_a_byte_more_is_not(void **state)
{
	struct world *w = *state;

	for (int level = 0; level <= 9; level += 9) {
		for (size_t size = MAX_BODY - 1; size <= MAX_BODY + 1; size++) {
			struct client *c = client_new(w, 0);
			char *body = make_body(size);
			size_t n;
			char *packed = gzip_make(body, size, level, &n);
			struct response r;

			send_packed(c, GZIP, packed, n);
			client_expect(c, size <= MAX_BODY ? 200 : 413, &r);
			if (size <= MAX_BODY)
				assert_stored(w, body, size);
			else
				assert_non_null(strstr(r.body, "\"code\":\"body_too_large\""));
			client_free(c);
			free(packed);
			free(body);
		}
	}
}

static void
what_unpacks_to_gigabytes_is_refused_before_its_end(void **state)
{
	const size_t n_zeros = 32 << 20;
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *zeros = calloc(1, n_zeros), head[128];
	size_t n;
	char *packed = gzip_make(zeros, n_zeros, 9, &n);
	struct response r;

	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n" GZIP "\r\n", n);
	client_send(c, head);
	client_send_bytes(c, packed, 1000); /* the first 1,000 of 32,000 bytes */
	client_expect(c, 413, &r);
	response_has(&r, "Connection: close");
	client_expect_end(c);
	client_free(c);
	free(packed);
	free(zeros);
}

static void
a_packed_body_that_is_too_long_in_itself_is_refused_unread(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	client_send(
	    c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n" GZIP "\r\n");
	client_expect(c, 413, NULL);
	client_free(c);
}

static void
broken_gzip_is_told(void **state)
{
	struct world *w = *state;
	struct client *c;
	char *body = make_body(1000);
	size_t n;
	char *packed = gzip_make(body, 1000, 6, &n);
	struct response r;

	/* truncated gzip: the request itself is complete, so the connection stays */
	c = client_new(w, 0);
	send_packed(c, GZIP, packed, n - 1);
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "\"code\":\"invalid_gzip\""));
	assert_non_null(strstr(r.body, "cut off"));
	send_packed(c, GZIP, "", 0);
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "cut off"));
	send_packed(c, GZIP, packed, n);
	client_expect(c, 200, NULL);
	/* not gzip */
	client_post(c, "/v1/track", GZIP, "{\"a\":1}");
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "\"code\":\"invalid_gzip\""));
	client_expect_end(c);
	client_free(c);
	/* valid gzip of a text that is not JSON */
	free(packed);
	packed = gzip_make("nothing", 7, 6, &n);
	c = client_new(w, 0);
	send_packed(c, GZIP, packed, n);
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "\"code\":\"invalid_json\""));
	client_free(c);
	free(packed);
	free(body);
	assert_int_equal(ingest_outbox_given_back(w->outbox), 1);
}

static void
other_encodings_are_told_what_is_taken(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/v1/track", "Content-Encoding: deflate\r\n", "{}");
	client_expect(c, 415, &r);
	response_has(&r, "Accept-Encoding: gzip");
	client_post(c, "/v1/track", "Content-Encoding: gzip, gzip\r\n", "{}");
	client_expect(c, 415, NULL);
	client_free(c);
}

/* zlib's memory counts while a body is unpacked, but not while the unpacked body waits for the
 * writer. */
static void
unpacking_counts_and_waiting_does_not(void **state)
{
	struct world *w = world_new();
	struct client *c[2];
	char *body = make_body(20000);
	size_t n;
	char *packed = gzip_make(body, 20000, 6, &n);
	struct response r;

	(void)state;
	w->o.max_buffered_bytes = 40960 + 32768 + 4096;
	world_open(w);
	for (int i = 0; i < 2; i++)
		c[i] = client_new(w, 0);
	/* half of the packed body, with that length: the gzip is truncated */
	send_packed(c[0], GZIP, packed, n / 2);
	client_expect(c[0], 400, NULL);
	client_send(
	    c[0], "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n" GZIP "\r\n\x1f");
	world_run_a_while(w);
	send_packed(c[1], GZIP, packed, n);
	client_expect(c[1], 503, &r);
	assert_non_null(strstr(r.body, "\"code\":\"busy\""));
	client_free(c[0]);
	world_run_a_while(w);
	ingest_outbox_hold(w->outbox, true);
	send_packed(c[1], GZIP, packed, n);
	world_run_until_waiting(w, 1);
	c[0] = client_new(w, 0);
	client_post(c[0], "/v1/track", "", body);
	world_run_until_waiting(w, 2);
	ingest_outbox_hold(w->outbox, false);
	client_expect(c[0], 200, NULL);
	client_expect(c[1], 200, NULL);
	for (int i = 0; i < 2; i++)
		client_free(c[i]);
	free(packed);
	free(body);
	world_free(w);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
		T(a_packed_body_is_stored_unpacked),
		T(chunks_and_gzip_go_together),
		T(who_waits_for_100_may_send_gzip),
		T(the_largest_body_is_taken_and_a_byte_more_is_not),
		T(what_unpacks_to_gigabytes_is_refused_before_its_end),
		T(a_packed_body_that_is_too_long_in_itself_is_refused_unread),
		T(broken_gzip_is_told),
		T(other_encodings_are_told_what_is_taken),
		cmocka_unit_test(unpacking_counts_and_waiting_does_not),
	};

	return cmocka_run_group_tests_name("ingest gzip", tests, NULL, NULL);
}
