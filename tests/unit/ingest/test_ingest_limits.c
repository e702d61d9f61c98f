/* ingest: sizes, clients that disconnect, and options that are refused. */
#include "lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "unit/ingest/ingest_world.h"

#define MAX_BODY 4194304

static int
start(void **state)
{
	*state = world_start(false);
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
send_head(struct client *c, size_t length)
{
	char head[128];

	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", length);
	client_send(c, head);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void
the_largest_body_is_taken_and_a_byte_more_is_not(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *body = make_body(MAX_BODY);
	struct response r;
	struct fake_put put;

	send_head(c, MAX_BODY);
	client_send_bytes(c, body, MAX_BODY);
	client_expect(c, 200, NULL);
	ingest_outbox_last(w->outbox, &put);
	assert_true(put.sum == ingest_outbox_sum(body, MAX_BODY));
	send_head(c, MAX_BODY + 1);
	client_send_bytes(c, body, MAX_BODY);
	client_expect(c, 413, &r);
	response_has(&r, "Connection: close");
	assert_non_null(strstr(r.body, "\"code\":\"body_too_large\""));
	client_expect_end(c);
	client_free(c);
	free(body);
}

static void
send_in_chunks(struct client *c, const char *body, size_t n)
{
	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < n && !c->closed; at += 50000) {
		size_t part = n - at < 50000 ? n - at : 50000;
		char size[32];

		snprintf(size, sizeof(size), "%zx\r\n", part);
		client_send(c, size);
		client_send_bytes(c, body + at, part);
		client_send(c, "\r\n");
	}
	client_send(c, "0\r\n\r\n");
}

static void
the_largest_body_in_chunks_is_taken_and_a_byte_more_is_not(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *body = make_body(MAX_BODY + 1);
	struct fake_put put;

	send_in_chunks(c, body, MAX_BODY + 1);
	client_expect(c, 413, NULL);
	client_expect_end(c);
	client_free(c);
	free(body);
	body = make_body(MAX_BODY);
	c = client_new(w, 0);
	send_in_chunks(c, body, MAX_BODY);
	client_expect(c, 200, NULL);
	ingest_outbox_last(w->outbox, &put);
	assert_true(put.sum == ingest_outbox_sum(body, MAX_BODY));
	client_free(c);
	free(body);
}

static bool
takes_no_more(void *arg)
{
	const struct client *c = arg;

	return send(c->fd, "x", 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN;
}

static void
who_still_sends_is_not_cut_off_at_once(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *body = make_body(50000);

	send_head(c, MAX_BODY + 1);
	client_expect(c, 413, NULL);
	client_expect_end(c);
	/* closing now could destroy the answer on its way to a distant client */
	for (int i = 0; i < 20; i++) {
		if (send(c->fd, body, 50000, MSG_NOSIGNAL) < 0)
			assert_int_equal(errno, EAGAIN);
		event_base_loop(w->base, EVLOOP_ONCE);
	}
	world_wait_ms(w, SERVER_LINGER_MS);
	world_run_until(w, takes_no_more, c, "the end of the connection");
	client_free(c);
	free(body);
}

static void
a_refused_body_is_read_to_its_end(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *body = make_body(1000000);

	client_send(c, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
	client_send_bytes(c, body, 1000000);
	client_send(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 404, NULL);
	client_expect(c, 200, NULL);
	client_free(c);
	free(body);
}

static void
headers_are_limited_in_bytes_and_number(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	char *value = make_body(9000);
	struct response r;

	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nX: ");
	client_send_bytes(c, value, 9000);
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "headers are too long"));
	client_expect_end(c);
	client_free(c);
	c = client_new(w, 0);
	client_send(c, "POST /v1/track HTTP/1.1\r\n");
	for (int i = 0; i < 65; i++)
		client_send(c, "X: y\r\n");
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "too many headers"));
	client_expect_end(c);
	client_free(c);
	free(value);
}

/* ---- clients that vanish --------------------------------------------------------------------- */

static void
a_client_that_hangs_up_does_not_stop_its_commit(void **state)
{
	struct world *w = *state;
	struct fake_put put;

	ingest_outbox_hold(w->outbox, true);
	for (int reset = 0; reset < 2; reset++) {
		const struct linger linger = { .l_onoff = reset };
		struct client *c = client_new(w, 0);

		client_post(c, "/v1/track", "", "{\"a\":\"it stays\"}");
		world_run_until_waiting(w, 1);
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		client_free(c);
		world_run_a_while(w);
		ingest_outbox_release(w->outbox, 1);
		world_run_until_given_back(w, (unsigned)reset + 1);
		ingest_outbox_last(w->outbox, &put);
		assert_int_equal(put.n_body, 16);
		assert_memory_equal(put.body, "{\"a\":\"it stays\"}", 16);
		world_run_a_while(w);
	}
}

static void
a_client_that_says_no_more_is_still_answered(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	client_send(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /heal");
	shutdown(c->fd, SHUT_WR);
	world_run_until_waiting(w, 1);
	client_expect_silence(c);
	ingest_outbox_hold(w->outbox, false);
	client_expect(c, 200, NULL);
	client_expect(c, 200, NULL);
	client_expect_end(c);
	client_free(c);
}

static void
half_a_request_is_no_request(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	send_head(c, 10);
	client_send(c, "{}");
	shutdown(c->fd, SHUT_WR);
	client_expect_end(c);
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
	client_free(c);
}

static void
an_answer_that_nobody_waits_for_is_dropped_at_the_end(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	/* the outbox ends before ingest: the message is on its way in between */
	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	world_run_until_waiting(w, 1);
	client_free(c);
}

/* ---- starting -------------------------------------------------------------------------------- */

static void
assert_no_start(struct world *w, const char *why)
{
	struct err e;

	assert_int_equal(ingest_new(&w->o, w->base, w->outbox, &w->ingest, &e), -1);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s", e.text);
}

static void
what_would_be_open_to_everybody_does_not_start(void **state)
{
	static const char *const everywhere[] = { "127.0.0.1:0", "0.0.0.0:0" };
	static const char *const keys[] = { "k" };
	struct ingest_site_options sites[] = {
		{ .site_id = 1, .name = "main" },
		{ .site_id = 2, .name = "other", .write_keys = keys, .n_write_keys = 1 },
	};
	struct world *w = world_new();

	(void)state;
	w->o.sites = sites;
	w->o.listen = everywhere;
	w->o.n_listen = 2;
	assert_no_start(w, "write_keys");
	assert_no_start(w, "0.0.0.0:0");
	w->o.n_listen = 1;
	w->o.n_sites = 2;
	assert_no_start(w, "write_keys");
	w->o.n_sites = 0;
	assert_no_start(w, "no site");
	w->o.n_sites = 1;
	w->o.n_listen = 0;
	assert_no_start(w, "listen");
	w->o.n_listen = 2;
	w->o.sites = &sites[1];
	world_open(w);
	world_free(w);
}

static void
a_port_in_use_does_not_start(void **state)
{
	struct world *first = *state, *second = world_new();
	const char *taken[] = { ingest_address(first->ingest, 0) + 7 };

	second->o.listen = taken;
	assert_no_start(second, "already in use");
	assert_no_start(second, taken[0]);
	second->ingest = NULL;
	world_free(second);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
		T(the_largest_body_is_taken_and_a_byte_more_is_not),
		T(the_largest_body_in_chunks_is_taken_and_a_byte_more_is_not),
		T(who_still_sends_is_not_cut_off_at_once),
		T(a_refused_body_is_read_to_its_end),
		T(headers_are_limited_in_bytes_and_number),
		T(a_client_that_hangs_up_does_not_stop_its_commit),
		T(a_client_that_says_no_more_is_still_answered),
		T(half_a_request_is_no_request),
		T(an_answer_that_nobody_waits_for_is_dropped_at_the_end),
		cmocka_unit_test(what_would_be_open_to_everybody_does_not_start),
		T(a_port_in_use_does_not_start),
	};

	return cmocka_run_group_tests_name("ingest limits", tests, NULL, NULL);
}
