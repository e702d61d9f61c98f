/* The transport on libcurl: kept connections, proxies, cancelling, waking. */
#include "lib/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lib/transport_rig.h"

/* ---- kept connections -------------------------------------------------------------------------
 */

/* libcurl by itself would send the request again on a new connection, and tell nobody. */
static void
a_request_on_a_dying_connection_is_not_sent_twice(void **state)
{
	static const struct tiny_step steps[] = {
		{ TINY_ANSWER, OK_ANSWER, true },
		{ TINY_RESET_READ, NULL, false },
		{ TINY_ANSWER, OK_ANSWER, true },
	};
	struct tiny_server server;
	struct transport_result result;

	(void)state;
	tiny_server_start(&server, steps, 3);
	result = transport_send_to(server.url, PATIENCE_MS);
	transport_check_answer(&result, 200, "{\"results\":1}");
	result = transport_send_to(server.url, PATIENCE_MS);
	assert_non_null(strstr(result.error, "kept connection"));
	transport_check_failure(&result, PHASE_SENDING);
	assert_int_equal(server.requests, 2);
	/* and the next one is fine */
	result = transport_send_to(server.url, PATIENCE_MS);
	transport_check_answer(&result, 200, "{\"results\":1}");
	tiny_server_stop(&server);
	assert_int_equal(server.requests, 3);
	tiny_server_free(&server);
}

static void
a_connection_that_was_closed_meanwhile_is_replaced(void **state)
{
	static const struct tiny_step steps[] = {
		{ TINY_ANSWER, OK_ANSWER, true },
		{ TINY_CLOSE, NULL, false },
		{ TINY_ANSWER, OK_ANSWER, true },
	};
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;
	struct tiny_server server;
	struct transport_result result;
	struct err e;

	(void)state;
	tiny_server_start(&server, steps, 3);
	result = transport_send_to(server.url, PATIENCE_MS);
	transport_check_answer(&result, 200, "{\"results\":1}");
	while (server.closed == 0 && clock_mono(&clock_system) < end)
		assert_int_equal(transport->poll(transport, 10, &e), 0);
	result = transport_send_to(server.url, PATIENCE_MS);
	transport_check_answer(&result, 200, "{\"results\":1}");
	tiny_server_stop(&server);
	assert_int_equal(server.connections, 2);
	tiny_server_free(&server);
}

/* ---- proxies ----------------------------------------------------------------------------------
 */

static void
proxy_variables_count_but_not_for_loopback(void **state)
{
	static const struct tiny_step steps[] = { { TINY_ANSWER, OK_ANSWER, true } };
	struct tiny_server server;
	struct transport_result result;
	char proxy[64];

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	result = transport_play(steps, 1, PATIENCE_MS);
	transport_check_answer(&result, 200, "{\"results\":1}");
	tiny_server_start(&server, steps, 1);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
	setenv("http_proxy", proxy, 1);
	result = transport_send_to("http://nosuchhost.invalid/x", PATIENCE_MS);
	transport_check_answer(&result, 200, "{\"results\":1}");
	unsetenv("http_proxy");
	tiny_server_stop(&server);
	assert_memory_equal(server.last, "POST http://nosuchhost.invalid/x HTTP/1.1\r\n", 43);
	tiny_server_free(&server);
}

/* ---- cancelling and waking --------------------------------------------------------------------
 */

static void
cancelled_requests_tell_how_far_they_came(void **state)
{
	static const struct tiny_step steps[] = { { TINY_SILENCE, NULL, true } };
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;
	struct tiny_server server;
	struct transport_result result;
	struct err e;

	(void)state;
	tiny_server_start(&server, steps, 1);
	transport_start(server.url, SLICE("{}"), PATIENCE_MS);
	while (server.requests == 0 && clock_mono(&clock_system) < end)
		assert_int_equal(transport->poll(transport, 10, &e), 0);
	transport->cancel(transport);
	result = transport_wait_for_result();
	transport_check_failure(&result, PHASE_SENDING);
	transport_start(server.url, SLICE("{}"), PATIENCE_MS);
	transport->cancel(transport);
	result = transport_wait_for_result();
	transport_check_failure(&result, PHASE_NOT_SENT);
	tiny_server_stop(&server);
	tiny_server_free(&server);
}

static void *
wake_it(void *arg)
{
	transport->wake(arg);
	return NULL;
}

static void
waking_lifts_poll_out_of_its_sleep(void **state)
{
	int64_t started = clock_mono(&clock_system);
	pthread_t thread;
	struct err e;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wake_it, transport), 0);
	assert_int_equal(transport->poll(transport, -1, &e), 0);
	pthread_join(thread, NULL);
	assert_true(clock_mono(&clock_system) - started < PATIENCE_MS);
}

static void
freeing_ends_what_is_under_way(void **state)
{
	static const struct tiny_step steps[] = { { TINY_SILENCE, NULL, true } };
	struct tiny_server server;
	struct err e;

	tiny_server_start(&server, steps, 1);
	transport_start(server.url, SLICE("{}"), PATIENCE_MS);
	assert_int_equal(transport->poll(transport, 10, &e), 0);
	transport_tear_down(state);
	tiny_server_stop(&server);
	tiny_server_free(&server);
	transport_set_up(state);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, transport_set_up, transport_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_on_a_dying_connection_is_not_sent_twice),
		TEST(a_connection_that_was_closed_meanwhile_is_replaced),
		TEST(proxy_variables_count_but_not_for_loopback),
		TEST(cancelled_requests_tell_how_far_they_came),
		TEST(waking_lifts_poll_out_of_its_sleep),
		TEST(freeing_ends_what_is_under_way),
	};

	return cmocka_run_group_tests_name("transport_connections", tests, NULL, NULL);
}
