/* ingest over TLS: the same requests and answers, and limits of handshakes. */
#include "unit/ingest/tls_client.h"

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/server.h"

#define HEALTH "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

static int
start(void **state)
{
	struct tls_world *t = tls_world_new();

	tls_world_open(t, false);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	tls_world_free(*state);
	return 0;
}

struct expected {
	struct tls_world *t;
	const char *outcome;
	int64_t n;
};

static bool
is_counted(void *arg)
{
	const struct expected *x = arg;

	return ingest_outbox_requests(x->t->w->outbox, x->outcome) >= x->n;
}

static void
expect_counted(struct tls_world *t, const char *outcome, int64_t n)
{
	world_run_until(t->w, is_counted, &(struct expected){ t, outcome, n }, outcome);
	assert_int_equal(ingest_outbox_requests(t->w->outbox, outcome), n);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void
an_answer_waits_for_the_commit(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);

	ingest_outbox_hold(t->w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	world_run_until_waiting(t->w, 1);
	client_expect_silence(c);
	ingest_outbox_hold(t->w->outbox, false);
	client_expect(c, 200, NULL);
	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 200, NULL);
	assert_int_equal(ingest_outbox_given_back(t->w->outbox), 2);
	tls_client_free(c);
}

static void
requests_in_one_record_are_all_answered(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);

	for (int i = 0; i < 50; i++) {
		tls_client_send_both(c, HEALTH, HEALTH);
		client_expect(c, 200, NULL);
		client_expect(c, 200, NULL);
	}
	tls_client_free(c);
}

/* More than the connection's buffer holds waits inside TLS, and in the kernel. */
static void
what_waits_for_an_answer_is_read_afterwards(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);
	int n = 1500;

	ingest_outbox_hold(t->w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	world_run_until_waiting(t->w, 1);
	for (int i = 0; i < n; i++)
		client_send(c, HEALTH);
	world_run_a_while(t->w);
	/* it does not keep the loop awake */
	assert_in_range(world_count_rounds(t->w), 0, 60);
	ingest_outbox_hold(t->w->outbox, false);
	client_expect(c, 200, NULL);
	for (int i = 0; i < n; i++)
		client_expect(c, 200, NULL);
	tls_client_free(c);
}

static void
a_large_body_arrives_as_it_was(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);
	size_t n = 3000000;
	char *body = malloc(n), head[128];
	struct fake_put put;

	assert_non_null(body);
	memset(body, ' ', n);
	for (size_t i = 1; i + 1 < n; i += 7)
		body[i] = '\t';
	body[0] = '{';
	body[n - 1] = '}';
	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", n);
	client_send(c, head);
	client_send_bytes(c, body, n);
	client_expect(c, 200, NULL);
	ingest_outbox_last(t->w->outbox, &put);
	assert_true(put.sum == ingest_outbox_sum(body, n));
	free(body);
	tls_client_free(c);
}

static void
a_half_closed_connection_is_answered(void **state)
{
	struct tls_world *t = *state;

	for (int notice = 0; notice < 2; notice++) {
		struct client *c = tls_client_new(t, NULL);

		ingest_outbox_hold(t->w->outbox, true);
		client_post(c, "/v1/track", "", "{}");
		if (notice)
			tls_client_end(c);
		shutdown(c->fd, SHUT_WR);
		world_run_until_waiting(t->w, 1);
		world_run_a_while(t->w);
		ingest_outbox_hold(t->w->outbox, false);
		client_expect(c, 200, NULL);
		client_expect_end(c);
		assert_true(tls_client_was_told_end(c));
		tls_client_free(c);
	}
}

static void
a_request_that_is_cut_off_is_refused(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);

	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{}");
	world_run_a_while(t->w);
	tls_client_end(c);
	client_expect_end(c);
	expect_counted(t, "cut_off", 1);
	assert_int_equal(ingest_outbox_given_back(t->w->outbox), 0);
	tls_client_free(c);
}

static void
an_early_answer_is_not_destroyed(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);

	client_send(c, "nonsense\r\n\r\n");
	client_send(c, "and more of it");
	client_expect(c, 400, NULL);
	client_expect_end(c);
	assert_true(tls_client_was_told_end(c));
	expect_counted(t, "bad_request", 1);
	tls_client_free(c);
}

static void
ends_are_announced(void **state)
{
	struct tls_world *t = *state;
	struct client *closes = tls_client_new(t, NULL), *idle = tls_client_new(t, NULL);

	client_send(closes, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_expect(closes, 200, NULL);
	client_expect_end(closes);
	assert_true(tls_client_was_told_end(closes));
	world_run_a_while(t->w);
	client_expect_silence(idle);
	world_wait_ms(t->w, 60001);
	client_expect_end(idle);
	assert_true(tls_client_was_told_end(idle));
	tls_client_free(closes);
	tls_client_free(idle);
}

static void
an_idle_connection_leaves_the_loop_asleep(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, NULL);

	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 200, NULL);
	assert_in_range(world_count_rounds(t->w), 0, 60);
	/* a part of a record; its first bytes announce more */
	assert_int_equal(send(c->fd, "\x17\x03\x03\x00\x40half", 9, 0), 9);
	world_run_a_while(t->w);
	assert_in_range(world_count_rounds(t->w), 0, 60);
	tls_client_free(c);
}

static void
a_new_certificate_is_for_new_connections(void **state)
{
	struct tls_world *t = *state;
	struct client *old = tls_client_new(t, NULL), *new;

	assert_string_equal(tls_client_server(old), "first");
	tls_world_renew(t, "second", false);
	new = tls_client_new(t, NULL);
	assert_string_equal(tls_client_server(new), "second");
	client_post(old, "/v1/track", "", "{}");
	client_expect(old, 200, NULL);
	client_post(new, "/v1/track", "", "{}");
	client_expect(new, 200, NULL);
	tls_client_free(old);
	tls_client_free(new);
}

/* ---- handshakes ------------------------------------------------------------------------------ */

static void
plain_http_gets_an_answer(void **state)
{
	struct tls_world *t = *state;
	struct client *c = client_new(t->w, 0);
	struct response r;

	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "\"code\":\"tls_required\""));
	response_has(&r, "Connection: close");
	client_expect_end(c);
	expect_counted(t, "tls_required", 1);
	client_free(c);
}

static void
a_handshake_has_its_own_deadline(void **state)
{
	struct tls_world *t = *state;
	struct client *silent = client_new(t->w, 0), *slow = client_new(t->w, 0), *c;

	client_send(slow, "\x16\x03\x01");
	world_run_a_while(t->w);
	/* dripping does not move it */
	for (int i = 0; i < 9; i++) {
		world_wait_ms(t->w, SERVER_HANDSHAKE_MS / 10);
		client_send(slow, i == 0 ? "\x02" : "x");
		world_run_a_while(t->w);
	}
	world_wait_ms(t->w, SERVER_HANDSHAKE_MS / 10 - 1);
	client_expect_silence(silent);
	client_expect_silence(slow);
	world_wait_ms(t->w, 2);
	client_expect_end(silent);
	client_expect_end(slow);
	expect_counted(t, "tls_timeout", 2);
	c = tls_client_new(t, NULL);
	/* now the connection is idle, which it may be for longer */
	world_wait_ms(t->w, SERVER_HANDSHAKE_MS + 1);
	client_expect_silence(c);
	tls_client_free(c);
	client_free(silent);
	client_free(slow);
}

static void
request_timeout_may_be_shorter(void **state)
{
	struct tls_world *t = tls_world_new();
	struct client *c;

	t->w->o.request_timeout_ms = 500;
	tls_world_open(t, false);
	c = client_new(t->w, 0);
	world_run_a_while(t->w);
	world_wait_ms(t->w, 499);
	client_expect_silence(c);
	world_wait_ms(t->w, 2);
	client_expect_end(c);
	expect_counted(t, "tls_timeout", 1);
	client_free(c);
	tls_world_free(t);
	(void)state;
}

static void
unused_connections_are_no_refusals(void **state)
{
	struct tls_world *t = *state;
	struct client *c = client_new(t->w, 0);

	shutdown(c->fd, SHUT_WR);
	client_expect_end(c);
	client_free(c);
	c = client_new(t->w, 0);
	client_send(c, "\x16\x03\x01");
	shutdown(c->fd, SHUT_WR);
	client_expect_end(c);
	expect_counted(t, "tls_failed", 1);
	client_free(c);
}

static void
half_of_all_connections_may_shake_hands(void **state)
{
	struct tls_world *t = tls_world_new();
	struct client *silent[4], *waiting, *plain, *c;

	t->w->o.max_connections = 8;
	tls_world_open(t, false);
	for (int i = 0; i < 4; i++)
		silent[i] = client_new(t->w, 0);
	world_run_a_while(t->w);
	waiting = client_new(t->w, 0);
	client_send(waiting, "GET / HTTP/1.1\r\n"); /* answered as soon as it is accepted */
	client_expect_silence(waiting);
	/* other listeners go on */
	plain = client_new(t->w, 1);
	client_post(plain, "/v1/track", "", "{}");
	client_expect(plain, 200, NULL);
	world_wait_ms(t->w, SERVER_MIN_HANDSHAKE_MS - 1);
	client_expect_silence(waiting);
	world_wait_ms(t->w, 1);
	client_expect(waiting, 400, NULL);
	client_expect_end(silent[0]);
	client_expect_silence(silent[1]);
	expect_counted(t, "tls_busy", 1);
	/* a handshake that ends makes room at once */
	c = client_new(t->w, 0);
	client_send(c, "GET / HTTP/1.1\r\n");
	client_expect(c, 400, NULL);
	expect_counted(t, "tls_busy", 1);
	for (int i = 0; i < 4; i++)
		client_free(silent[i]);
	client_free(waiting);
	client_free(plain);
	client_free(c);
	tls_world_free(t);
	(void)state;
}

static void
on_stopped(void *arg)
{
	*(bool *)arg = true;
}

static bool
is_true(void *arg)
{
	return *(bool *)arg;
}

static void
a_stop_waits_for_requests(void **state)
{
	struct tls_world *t = *state;
	struct client *shaking = client_new(t->w, 0), *used = tls_client_new(t, NULL),
		      *fresh = tls_client_new(t, NULL), *busy = tls_client_new(t, NULL);
	bool stopped = false;

	client_send(used, HEALTH);
	client_expect(used, 200, NULL);
	ingest_outbox_hold(t->w->outbox, true);
	client_post(busy, "/v1/track", "", "{}");
	world_run_until_waiting(t->w, 1);
	ingest_stop(t->w->ingest, 10000, on_stopped, &stopped);
	client_expect_end(used);
	assert_true(tls_client_was_told_end(used));
	world_wait_ms(t->w, SERVER_FRESH_MS - 1);
	client_expect_silence(shaking);
	client_expect_silence(fresh);
	world_wait_ms(t->w, 1);
	client_expect_end(shaking);
	client_expect_end(fresh);
	assert_false(stopped);
	ingest_outbox_hold(t->w->outbox, false);
	client_expect(busy, 200, NULL);
	client_expect_end(busy);
	world_run_until(t->w, is_true, &stopped, "the stop");
	client_free(shaking);
	tls_client_free(used);
	tls_client_free(fresh);
	tls_client_free(busy);
}

static void
a_tls_address_needs_a_certificate(void **state)
{
	static const char *const addresses[] = { "tls:127.0.0.1:0" };
	struct world *w = world_new();
	struct err e;

	(void)state;
	w->o.listen = addresses;
	assert_int_equal(ingest_new(&w->o, w->base, w->outbox, &w->ingest, &e), -1);
	assert_string_equal(e.text, "cannot listen on tls:127.0.0.1:0: there is no certificate");
	w->ingest = NULL;
	world_free(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_waits_for_the_commit),
		TEST(requests_in_one_record_are_all_answered),
		TEST(what_waits_for_an_answer_is_read_afterwards),
		TEST(a_large_body_arrives_as_it_was),
		TEST(a_half_closed_connection_is_answered),
		TEST(a_request_that_is_cut_off_is_refused),
		TEST(an_early_answer_is_not_destroyed),
		TEST(ends_are_announced),
		TEST(an_idle_connection_leaves_the_loop_asleep),
		TEST(a_new_certificate_is_for_new_connections),
		TEST(plain_http_gets_an_answer),
		TEST(a_handshake_has_its_own_deadline),
		cmocka_unit_test(request_timeout_may_be_shorter),
		TEST(unused_connections_are_no_refusals),
		cmocka_unit_test(half_of_all_connections_may_shake_hands),
		TEST(a_stop_waits_for_requests),
		cmocka_unit_test(a_tls_address_needs_a_certificate),
	};

	return cmocka_run_group_tests_name("ingest over TLS", tests, NULL, NULL);
}
