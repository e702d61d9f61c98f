/* ingest: slow and idle clients, the maximum of connections, stopping. */
#include "lib/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "unit/ingest/ingest_world.h"

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

static void
send_head(struct client *c, size_t length)
{
	char head[128];

	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", length);
	client_send(c, head);
}

/* ---- slow clients ---------------------------------------------------------------------------- */

#define SLOW 200

static void
slow_clients_do_not_hold_up_others(void **state)
{
	struct world *w = *state;
	struct client *slow[SLOW], *c;

	for (int i = 0; i < SLOW; i++) {
		slow[i] = client_new(w, 0);
		if (i % 2 == 0) {
			client_send(slow[i], "POST /v1/track HTTP/1.1\r\nHo");
		} else {
			send_head(slow[i], 12);
			client_send(slow[i], "{\"a\":");
		}
	}
	world_run_a_while(w);
	c = client_new(w, 0);
	for (int i = 0; i < 10; i++) {
		client_post(c, "/v1/track", "", "{}");
		client_expect(c, 200, NULL);
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), 10);
	for (int i = 0; i < SLOW; i++) {
		if (i % 2 == 0)
			client_send(slow[i], "st: a\r\nContent-Length: 2\r\n\r\n{}");
		else
			client_send(slow[i], "\"bcde\"}");
	}
	for (int i = 0; i < SLOW; i++) {
		client_expect(slow[i], 200, NULL);
		client_free(slow[i]);
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), 10 + SLOW);
	client_free(c);
}

static void
dripping_does_not_move_the_deadline(void **state)
{
	static const char *const beginnings[] = { "POST /v1/track HTTP/1.1\r\nHost: a\r\nX: ",
		"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
		"POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{" };
	struct world *w = *state;
	struct response r;

	for (size_t i = 0; i < 3; i++) {
		struct client *c = client_new(w, 0);

		client_send(c, beginnings[i]);
		world_run_a_while(w);
		for (int drop = 0; drop < 19; drop++) {
			world_wait_ms(w, 1000);
			client_send(c, "x");
			world_run_a_while(w);
		}
		assert_int_equal(client_read(c), 0);
		world_wait_ms(w, 1001);
		client_send(c, "x");
		client_expect(c, 503, &r);
		response_has(&r, "Connection: close");
		response_has(&r, "Retry-After: 1");
		/* a byte does not keep an answered connection open, either */
		client_send(c, "x");
		world_wait_ms(w, SERVER_LINGER_MS + 1);
		client_expect_end(c);
		client_free(c);
	}
}

static void
idle_connections_end(void **state)
{
	struct world *w = *state;
	struct client *fresh = client_new(w, 0), *used = client_new(w, 0);

	client_post(used, "/v1/track", "", "{}");
	client_expect(used, 200, NULL);
	world_wait_ms(w, 59000);
	client_expect_silence(used);
	client_expect_silence(fresh);
	client_send(used, "\r\n"); /* an empty line is not a request */
	client_post(fresh, "/v1/track", "", "{}");
	client_expect(fresh, 200, NULL);
	world_wait_ms(w, 1001);
	client_expect_end(used);
	client_expect_silence(fresh);
	client_free(used);
	client_free(fresh);
}

static void
a_commit_that_does_not_end_is_answered(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	world_run_until_waiting(w, 1);
	world_wait_ms(w, SERVER_COMMIT_MS + 1);
	client_expect(c, 503, &r);
	response_has(&r, "Retry-After: 5");
	ingest_outbox_hold(w->outbox, false);
	world_run_until_given_back(w, 1);
	client_expect_end(c);
	client_free(c);
}

/* Unix sockets have buffers of a fixed size, so they fill soon. */
struct unix_world {
	struct world *world;
	char folder[64];
	char address[80];
};

static struct client *
unix_start(struct unix_world *u)
{
	const char *addresses[] = { u->address };

	snprintf(u->folder, sizeof(u->folder), "/tmp/bentospool-slow-XXXXXX");
	assert_non_null(mkdtemp(u->folder));
	snprintf(u->address, sizeof(u->address), "unix:%s/s", u->folder);
	u->world = world_new();
	u->world->o.listen = addresses;
	world_open(u->world);
	return client_new(u->world, 0);
}

static void
unix_end(struct unix_world *u)
{
	world_free(u->world);
	rmdir(u->folder);
}

/* Sends requests until the server stops reading, because its answers are not read. */
static unsigned
clog_up(struct client *c)
{
	static const char text[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
	unsigned n = 0;
	size_t sent = 0;

	for (int idle = 0; idle < 20;) {
		ssize_t k = send(c->fd, text + sent, sizeof(text) - 1 - sent, MSG_NOSIGNAL);

		if (k < 0) {
			event_base_loop(c->w->base, EVLOOP_ONCE);
			idle++;
			continue;
		}
		idle = 0;
		sent += (size_t)k;
		if (sent == sizeof(text) - 1) {
			sent = 0;
			n++;
		}
	}
	return n;
}

static void
answers_that_are_not_taken_wait_for_the_client(void **state)
{
	struct unix_world u;
	struct client *c = unix_start(&u);
	unsigned n = clog_up(c);

	(void)state;

	assert_true(n > 1000);
	for (unsigned i = 0; i < n; i++)
		client_expect(c, 200, NULL);
	client_free(c);
	unix_end(&u);
}

/* Returns whether bytes are waiting, without reading them. */
static bool
is_reset(void *arg)
{
	const struct client *c = arg;
	struct pollfd p = { .fd = c->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

static void
a_client_that_takes_no_answer_is_closed(void **state)
{
	struct unix_world u;
	struct client *c = unix_start(&u);

	(void)state;
	assert_true(clog_up(c) > 1000);
	assert_false(is_reset(c));
	world_wait_ms(u.world, 20001);
	world_run_until(u.world, is_reset, c, "the reset of the connection");
	client_free(c);
	unix_end(&u);
}

/* ---- the maximum of connections
 * --------------------------------------------------------------- */

static void
at_the_cap_new_clients_wait_or_an_idle_one_goes(void **state)
{
	struct world *w = world_new();
	struct client *busy, *idle, *third;

	(void)state;
	w->o.max_connections = 2;
	world_open(w);
	busy = client_new(w, 0);
	idle = client_new(w, 0);
	client_post(idle, "/v1/track", "", "{}");
	client_expect(idle, 200, NULL);
	ingest_outbox_hold(w->outbox, true);
	client_post(busy, "/v1/track", "", "{}");
	world_run_until_waiting(w, 1);
	third = client_new(w, 0);
	client_post(third, "/v1/track", "", "{}");
	client_expect_silence(third);
	assert_int_equal(ingest_outbox_pending(w->outbox), 1);
	/* now the idle connection has been idle for long enough */
	client_expect_silence(idle);
	world_wait_ms(w, SERVER_MIN_IDLE_MS);
	client_expect_end(idle);
	world_run_until_waiting(w, 2);
	client_free(idle);
	/* when a client ends its connection there is room as well */
	idle = client_new(w, 0);
	client_post(idle, "/v1/track", "", "{}");
	client_expect_silence(idle);
	assert_int_equal(ingest_outbox_pending(w->outbox), 2);
	ingest_outbox_hold(w->outbox, false);
	client_expect(busy, 200, NULL);
	client_free(busy);
	client_expect(third, 200, NULL);
	client_expect(idle, 200, NULL);
	client_free(third);
	client_free(idle);
	world_free(w);
}

static void
without_descriptors_clients_are_refused_until_there_are(void **state)
{
	struct world *w = *state;
	struct client *old = client_new(w, 0), *c;
	struct rlimit limit, none;
	int lowest;

	client_post(old, "/v1/track", "", "{}");
	client_expect(old, 200, NULL);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	c = client_new(w, 0);
	lowest = dup(c->fd);
	close(lowest);
	none = (struct rlimit){ .rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	client_expect_end(c);
	client_post(old, "/v1/track", "", "{}");
	client_expect(old, 200, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client_free(c);
	c = client_new(w, 0);
	client_post(c, "/v1/track", "", "{}");
	client_expect_silence(c); /* the listeners pause for a second */
	world_wait_ms(w, SERVER_PAUSE_MS + 1);
	client_expect(c, 200, NULL);
	client_free(c);
	client_free(old);
}

/* ---- stopping -------------------------------------------------------------------------------- */

static void
count_stop(void *arg)
{
	++*(int *)arg;
}

static bool
has_stopped(void *arg)
{
	return *(int *)arg > 0;
}

static void
stopping_answers_what_waits(void **state)
{
	struct world *w = *state;
	struct client *idle = client_new(w, 0), *waiting = client_new(w, 0),
		      *begun = client_new(w, 0), *late = client_new(w, 0);
	struct response r;
	int stopped = 0;

	ingest_outbox_hold(w->outbox, true);
	client_post(waiting, "/v1/track", "", "{}");
	send_head(begun, 2);
	client_send(late, "POST /v1/track HTTP/1.1\r\nHost: a\r\n");
	client_send(idle, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(idle, 200, NULL);
	world_run_until_waiting(w, 1);
	ingest_stop(w->ingest, 10000, count_stop, &stopped);
	assert_int_equal(stopped, 0);
	client_expect_end(idle);
	client_send(begun, "{}");
	world_run_until_waiting(w, 2);
	client_send(late, "Content-Length: 2\r\n\r\n{}");
	world_run_until_waiting(w, 3);
	client_expect_silence(waiting);
	assert_int_equal(stopped, 0);
	ingest_outbox_hold(w->outbox, false);
	client_expect(waiting, 200, &r);
	response_has(&r, "Connection: close");
	client_expect_end(waiting);
	client_expect(begun, 200, &r);
	client_expect_end(begun);
	client_expect(late, 200, &r);
	response_has(&r, "Connection: close");
	client_expect_end(late);
	world_run_until(w, has_stopped, &stopped, "the stop");
	world_run_a_while(w);
	assert_int_equal(stopped, 1);
	client_free(idle);
	client_free(waiting);
	client_free(begun);
	client_free(late);
}

static void
stopping_waits_a_moment_for_the_first_request_of_a_connection(void **state)
{
	struct world *w = *state;
	struct client *quick = client_new(w, 0), *silent = client_new(w, 0),
		      *old = client_new(w, 0);
	struct response r;
	int stopped = 0;

	client_send(old, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(old, 200, NULL);
	/* All are accepted; the last request of the old one has arrived and was not read. */
	world_run_a_while(w);
	client_send(old, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	ingest_stop(w->ingest, 10000, count_stop, &stopped);
	client_expect(old, 200, &r);
	response_has(&r, "Connection: close");
	client_expect_end(old);
	world_wait_ms(w, SERVER_FRESH_MS - 1);
	world_run_a_while(w);
	assert_int_equal(stopped, 0);
	client_post(quick, "/v1/track", "", "{}");
	client_expect(quick, 200, &r);
	response_has(&r, "Connection: close");
	client_expect_end(quick);
	assert_int_equal(stopped, 0);
	world_wait_ms(w, 1);
	world_run_until(w, has_stopped, &stopped, "the stop");
	client_expect_end(silent);
	client_free(quick);
	client_free(silent);
	client_free(old);
}

static void
stopping_does_not_wait_for_ever(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0), *slow = client_new(w, 0);
	int stopped = 0;

	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/track", "", "{}");
	client_send(slow, "POST");
	world_run_until_waiting(w, 1);
	ingest_stop(w->ingest, 3000, count_stop, &stopped);
	world_wait_ms(w, 2000);
	world_run_a_while(w);
	assert_int_equal(stopped, 0);
	world_wait_ms(w, 1001);
	world_run_until(w, has_stopped, &stopped, "the stop");
	client_expect_end(c);
	client_expect_end(slow);
	client_free(c);
	client_free(slow);
}

static void
stopping_without_connections_is_told_in_the_loop(void **state)
{
	struct world *w = *state;
	int stopped = 0;

	ingest_stop(w->ingest, 1000, count_stop, &stopped);
	assert_int_equal(stopped, 0);
	world_run_until(w, has_stopped, &stopped, "the stop");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
		T(slow_clients_do_not_hold_up_others),
		T(dripping_does_not_move_the_deadline),
		T(idle_connections_end),
		T(a_commit_that_does_not_end_is_answered),
		cmocka_unit_test(answers_that_are_not_taken_wait_for_the_client),
		cmocka_unit_test(a_client_that_takes_no_answer_is_closed),
		cmocka_unit_test(at_the_cap_new_clients_wait_or_an_idle_one_goes),
		T(without_descriptors_clients_are_refused_until_there_are),
		T(stopping_answers_what_waits),
		T(stopping_waits_a_moment_for_the_first_request_of_a_connection),
		T(stopping_does_not_wait_for_ever),
		T(stopping_without_connections_is_told_in_the_loop),
	};

	return cmocka_run_group_tests_name("ingest slow", tests, NULL, NULL);
}
