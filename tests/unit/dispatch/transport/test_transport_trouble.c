/* The transport on libcurl with servers and networks that fail: how far a request got. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "unit/dispatch/transport/transport_rig.h"

/* ---- failures -------------------------------------------------------------------------------- */

static void
nothing_was_sent_when_nobody_listens(void **state)
{
	struct tiny_server server;
	struct transport_result result;

	(void)state;
	tiny_server_start(&server, NULL, 0);
	tiny_server_stop(&server);
	result = send_to(server.url, PATIENCE_MS);
	check_failure(&result, PHASE_NOT_SENT);
	tiny_server_free(&server);
}

static void
nothing_was_sent_to_a_name_that_does_not_resolve(void **state)
{
	struct transport_result result = send_to("http://nosuchhost.invalid/x", 5000);

	(void)state;
	assert_int_equal(result.http_status, 0);
	check_failure(&result, PHASE_NOT_SENT);
}

static void
nothing_was_sent_when_tls_fails(void **state)
{
	static const struct tiny_step steps[] = { { TINY_RESET_UNREAD, NULL, true } };
	struct tiny_server server;
	struct transport_result result;
	char url[80];

	(void)state;
	tiny_server_start(&server, steps, 1);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/x", server.port);
	result = send_to(url, PATIENCE_MS);
	check_failure(&result, PHASE_NOT_SENT);
	tiny_server_stop(&server);
	tiny_server_free(&server);
}

static void
a_reset_after_sending_leaves_it_unknown(void **state)
{
	static const struct tiny_step unread[] = { { TINY_RESET_UNREAD, NULL, true } };
	static const struct tiny_step read[] = { { TINY_RESET_READ, NULL, true } };
	struct transport_result result;

	(void)state;
	result = play(unread, 1, PATIENCE_MS);
	assert_int_equal(result.http_status, 0);
	check_failure(&result, PHASE_SENDING);
	result = play(read, 1, PATIENCE_MS);
	check_failure(&result, PHASE_SENDING);
}

static void
a_truncated_answer_does_not_count_as_an_answer(void **state)
{
	static const char *const texts[] = {
		OK_HEAD "100\r\n\r\n{\"results\":1}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"HTTP/1.1 200 OK\r\nContent-Le",
		"HTT",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tiny_step steps[] = { { TINY_ANSWER, texts[i], true },
			{ TINY_CLOSE, NULL, false } };
		struct transport_result result = play(steps, 2, PATIENCE_MS);

		check_failure(&result, PHASE_SENDING);
	}
}

static void
a_slow_answer_times_out(void **state)
{
	static const struct tiny_step steps[] = { { TINY_SILENCE, NULL, true } };
	struct transport_result result = play(steps, 1, 300);

	(void)state;
	assert_non_null(strstr(result.error, "timed out"));
	check_failure(&result, PHASE_SENDING);
}

/* As when the process was stopped (SIGSTOP) for longer than the timeout. */
static void
an_answer_that_waits_is_read_after_the_timeout(void **state)
{
	static char text[100000 + 64];
	static const struct tiny_step steps[] = { { TINY_ANSWER, text, true } };
	int head = snprintf(text, sizeof(text), OK_HEAD "100000\r\n\r\n");
	struct transport_result result;
	struct tiny_server server;
	struct err e;
	int64_t end;

	(void)state;
	memset(text + head, 'x', 100000);
	tiny_server_start(&server, steps, 1);
	start(server.url, SLICE("{}"), 1000);
	end = clock_awake() + 1000;
	while (atomic_load(&server.requests) == 0 && clock_awake() < end)
		assert_int_equal(transport->poll(transport, 1, &e), 0);
	/* the server writes its answer, and nobody reads it in time */
	while (clock_awake() <= end)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	result = wait_for_result();
	assert_int_equal(result.phase, PHASE_ANSWERED);
	assert_int_equal(result.response.n, TRANSPORT_RESPONSE_MAX);
	transport_result_free(&result);
	tiny_server_stop(&server);
	tiny_server_free(&server);
}

/* As when the process was stopped while it connected: nobody has it, so it cannot arrive twice. */
static void
a_request_that_is_late_does_not_go_out(void **state)
{
	static const struct tiny_step steps[] = { { TINY_ANSWER, OK_ANSWER, true } };
	struct transport_result result;
	struct tiny_server server;
	int64_t end;

	(void)state;
	tiny_server_start(&server, steps, 1);
	start(server.url, SLICE("{}"), 100);
	end = clock_awake() + 100; /* not before the request's */
	while (clock_awake() <= end)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	result = wait_for_result();
	assert_string_equal(result.error, "timed out before the request went out");
	check_failure(&result, PHASE_NOT_SENT);
	tiny_server_stop(&server);
	assert_int_equal(atomic_load(&server.requests), 0);
	tiny_server_free(&server);
}

static void
a_request_to_an_invalid_url_does_not_start(void **state)
{
	struct transport_request request = request_to("", SLICE("{}"), 1000);
	struct transport_request strange = request_to("ftp://127.0.0.1/x", SLICE("{}"), 1000);
	struct transport_result result;
	struct err e;

	(void)state;
	assert_int_equal(transport->start(transport, &request, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(transport->start(transport, &strange, &e), 0);
	result = wait_for_result();
	/* the URL is refused because of its scheme, before any connection */
	assert_null(strstr(result.error, "connect"));
	check_failure(&result, PHASE_NOT_SENT);
}

/* ---- kept connections -------------------------------------------------------------------------
 */

/* On its own, libcurl would send the request again on a new connection without reporting it. */
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
	result = send_to(server.url, PATIENCE_MS);
	check_answer(&result, 200, "{\"results\":1}");
	result = send_to(server.url, PATIENCE_MS);
	assert_non_null(strstr(result.error, "kept connection"));
	check_failure(&result, PHASE_SENDING);
	assert_int_equal(server.requests, 2);
	/* the next request works */
	result = send_to(server.url, PATIENCE_MS);
	check_answer(&result, 200, "{\"results\":1}");
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
	result = send_to(server.url, PATIENCE_MS);
	check_answer(&result, 200, "{\"results\":1}");
	while (server.closed == 0 && clock_mono(&clock_system) < end)
		assert_int_equal(transport->poll(transport, 10, &e), 0);
	result = send_to(server.url, PATIENCE_MS);
	check_answer(&result, 200, "{\"results\":1}");
	tiny_server_stop(&server);
	assert_int_equal(server.connections, 2);
	tiny_server_free(&server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_was_sent_when_nobody_listens),
		cmocka_unit_test(nothing_was_sent_to_a_name_that_does_not_resolve),
		cmocka_unit_test(nothing_was_sent_when_tls_fails),
		cmocka_unit_test(a_reset_after_sending_leaves_it_unknown),
		cmocka_unit_test(a_truncated_answer_does_not_count_as_an_answer),
		cmocka_unit_test(a_slow_answer_times_out),
		cmocka_unit_test(an_answer_that_waits_is_read_after_the_timeout),
		cmocka_unit_test(a_request_that_is_late_does_not_go_out),
		cmocka_unit_test(a_request_to_an_invalid_url_does_not_start),
		cmocka_unit_test(a_request_on_a_dying_connection_is_not_sent_twice),
		cmocka_unit_test(a_connection_that_was_closed_meanwhile_is_replaced),
	};

	return cmocka_run_group_tests_name(
	    "transport in trouble", tests, transport_rig_set_up, transport_rig_tear_down);
}
