/*
 * ingest: several requests on one connection, requests in pieces, ambiguous requests, and every
 * listener.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/ingest/ingest_world.h"

#define TRACK                                                                                      \
	"{\"event\":\"Order Completed\",\"email\":\"a@example.com\",\"properties\":{\"n\":1.10}}"

static int
start(void **state)
{
	*state = world_start(false);
	return 0;
}

static int
start_with_keys(void **state)
{
	*state = world_start(true);
	return 0;
}

static int
end(void **state)
{
	world_free(*state);
	return 0;
}

static void
pipelined_requests_are_answered_in_order(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	ingest_outbox_hold(w->outbox, true);
	client_send(c, "\r\nPOST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
		       "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n"
		       "POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "2\r\n{}\r\n0\r\n\r\n"
		       "GET /none HTTP/1.1\r\nHost: a\r\n\r\n\r");
	world_run_until_waiting(w, 1);
	client_expect_silence(c);
	assert_int_equal(ingest_outbox_pending(w->outbox), 1);
	ingest_outbox_release(w->outbox, 1);
	client_expect(c, 200, NULL);
	client_expect(c, 200, NULL);
	world_run_until_waiting(w, 1);
	client_expect_silence(c);
	ingest_outbox_hold(w->outbox, false);
	client_expect(c, 200, NULL);
	client_expect(c, 404, NULL);
	client_send(c, "\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 200, NULL);
	client_free(c);
}

static void
a_long_pipeline_waits_in_the_kernel(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	const unsigned n = 2000;

	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	world_run_until_waiting(w, 1);
	for (unsigned i = 0; i < n; i++)
		client_send(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect_silence(c);
	assert_true(world_count_rounds(w) < 100);
	ingest_outbox_hold(w->outbox, false);
	for (unsigned i = 0; i < n + 1; i++)
		client_expect(c, 200, NULL);
	client_free(c);
}

static void
bodies_in_chunks_are_put_together(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct fake_put put;

	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	client_send(c, "4;ext=1\r\n{\"a\"\r\n");
	world_run_a_while(w);
	client_send(c, "3\r\n:1}\r\n0\r\nTrailer: x\r\n");
	client_expect_silence(c);
	client_send(c, "\r\n");
	client_expect(c, 200, NULL);
	ingest_outbox_last(w->outbox, &put);
	assert_int_equal(put.n_body, 7);
	assert_memory_equal(put.body, "{\"a\":1}", 7);
	client_free(c);
}

static void
a_request_may_come_byte_by_byte(void **state)
{
	static const char text[] =
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		client_send_bytes(c, text + i, 1);
		event_base_loop(w->base, EVLOOP_ONCE);
	}
	client_expect(c, 200, NULL);
	client_free(c);
}

static void
doubtful_requests_end_the_connection(void **state)
{
	/* bytes after the head must not be taken for the next request */
	static const char *const heads[] = {
		"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n",
		"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n",
		"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n",
		"POST /v1/track HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
		"POST /v1/track HTTP/1.1\r\nContent-Length: 2\r\n",
		"POST /v1/track HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
		"POST /v1/track HTTP/1.1\r\nHost: a\r\n: x\r\n",
		"POST /v1/track HTTP/1.1\r\nHost: a\n",
	};
	struct world *w = *state;
	struct response r;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct client *c = client_new(w, 0);

		client_send(c, heads[i]);
		client_send(c, "\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
		client_expect(c, 400, &r);
		response_has(&r, "Connection: close");
		assert_non_null(strstr(r.body, "\"code\":\"bad_request\""));
		client_expect_end(c);
		client_free(c);
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
}

static void
tls_gets_an_answer_that_says_so(void **state)
{
	struct world *w = *state;
	struct response r;

	for (int halves = 0; halves < 2; halves++) {
		struct client *c = client_new(w, 0);

		client_send(c, "\x16");
		if (halves)
			world_run_a_while(w);
		client_send(c, "\x03\x01\x02 and more");
		client_expect(c, 400, &r);
		assert_non_null(strstr(r.body, "\"code\":\"tls_unexpected\""));
		assert_non_null(strstr(r.body, "the client speaks TLS"));
		client_expect_end(c);
		client_free(c);
	}
	for (int first = 0; first < 2; first++) { /* only the first two bytes count */
		struct client *c = client_new(w, 0);

		client_send(c, first ? "\x16\x04" : "G\x16\x03");
		client_expect(c, 400, &r);
		assert_non_null(strstr(r.body, "\"code\":\"bad_request\""));
		client_free(c);
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
}

static void
a_doubtful_chunk_ends_the_connection(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "0x2\r\n{}\r\n0\r\n\r\n");
	client_expect(c, 400, NULL);
	client_expect_end(c);
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
	client_free(c);
}

static void
connections_end_when_the_client_says_so(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/v1/track", "Connection: close\r\n", TRACK);
	client_expect(c, 200, &r);
	response_has(&r, "Connection: close");
	client_expect_end(c);
	client_free(c);

	c = client_new(w, 0);
	client_send(c, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	client_expect(c, 200, &r);
	response_has(&r, "Connection: keep-alive");
	client_send(c, "GET /healthz HTTP/1.0\r\n\r\n");
	client_expect(c, 200, &r);
	response_has(&r, "Connection: close");
	client_expect_end(c);
	client_free(c);
}

static void
a_client_that_waits_for_100_gets_it(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
		       "Expect: 100-continue\r\n\r\n");
	client_expect(c, 100, NULL);
	client_expect_silence(c);
	client_send(c, "{}");
	client_expect(c, 200, NULL);
	/* the client did not wait: no 100 is sent */
	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
		       "Expect: 100-continue\r\n\r\n{}");
	client_expect(c, 200, NULL);
	client_free(c);
}

static void
a_client_that_waits_for_100_is_refused_at_once(void **state)
{
	static const struct {
		const char *rest;
		int status;
	} cases[] = {
		{ "/none HTTP/1.1\r\nContent-Length: 2\r\n", 404 },
		{ "/v1/track?writeKey=no HTTP/1.1\r\nContent-Length: 2\r\n", 401 },
		{ "/v1/track?writeKey=no HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 401 },
		{ "/v1/track HTTP/1.1\r\nContent-Length: 4194305\r\n", 413 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct client *c = client_new(w, 0);

		client_send(c, "POST ");
		client_send(c, cases[i].rest);
		client_send(c, "Host: a\r\nExpect: 100-continue\r\n\r\n");
		client_expect(c, cases[i].status, NULL);
		client_expect_end(c);
		client_free(c);
	}
}

static void
every_kind_of_listener_serves(void **state)
{
	char folder[] = "/tmp/bentospool-ingest-XXXXXX", text[64];
	const char *addresses[] = { "127.0.0.1:0", text, "[::1]:0" };
	struct world *w = world_new();
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text), "unix:%s/s", folder);
	w->o.listen = addresses;
	w->o.n_listen = 3;
	if (ingest_new(&w->o, w->base, w->outbox, &w->ingest, &e) != 0) {
		assert_non_null(strstr(e.text, "[::1]")); /* a machine without IPv6 */
		w->o.n_listen = 2;
		world_open(w);
	}
	assert_string_equal(ingest_address(w->ingest, 1), text);
	for (size_t i = 0; i < w->o.n_listen; i++) {
		struct client *c = client_new(w, i);

		client_post(c, "/v1/track", "", TRACK);
		client_expect(c, 200, NULL);
		client_free(c);
	}
	assert_null(ingest_address(w->ingest, w->o.n_listen));
	world_free(w);
	assert_int_equal(rmdir(folder), 0); /* the socket's file was removed */
}

int
main(void)
{
#define PLAIN(test) cmocka_unit_test_setup_teardown(test, start, end)
#define KEYED(test) cmocka_unit_test_setup_teardown(test, start_with_keys, end)
	const struct CMUnitTest tests[] = {
		PLAIN(pipelined_requests_are_answered_in_order),
		PLAIN(a_long_pipeline_waits_in_the_kernel),
		PLAIN(bodies_in_chunks_are_put_together),
		PLAIN(a_request_may_come_byte_by_byte),
		PLAIN(doubtful_requests_end_the_connection),
		PLAIN(tls_gets_an_answer_that_says_so),
		PLAIN(a_doubtful_chunk_ends_the_connection),
		PLAIN(connections_end_when_the_client_says_so),
		PLAIN(a_client_that_waits_for_100_gets_it),
		KEYED(a_client_that_waits_for_100_is_refused_at_once),
		cmocka_unit_test(every_kind_of_listener_serves),
	};

	return cmocka_run_group_tests_name("ingest connections", tests, NULL, NULL);
}
