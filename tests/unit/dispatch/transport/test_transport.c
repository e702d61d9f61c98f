/* The transport on libcurl with a server that works. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/dispatch/transport/transport_rig.h"

/* ---- answers --------------------------------------------------------------------------------- */

static void
a_request_arrives_whole_and_its_answer_comes_back(void **state)
{
	static const struct tiny_step steps[] = { { TINY_ANSWER, OK_ANSWER, true } };
	struct tiny_server server;
	struct transport_result result;

	(void)state;
	tiny_server_start(&server, steps, 1);
	result = send_to(server.url, PATIENCE_MS);
	assert_int_equal(result.retry_after_ms, -1);
	check_answer(&result, 200, "{\"results\":1}");
	tiny_server_stop(&server);
	assert_memory_equal(server.last, "POST /x HTTP/1.1\r\n", 18);
	assert_non_null(strstr(server.last, "\r\nAuthorization: Basic cHViOnNlYw==\r\n"));
	assert_non_null(strstr(server.last, "\r\nUser-Agent: bentospool/test\r\n"));
	assert_non_null(strstr(server.last, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(server.last, "\r\nContent-Length: 13\r\n"));
	assert_non_null(strstr(server.last, "\r\n\r\n{\"events\":[]}"));
	tiny_server_free(&server);
}

static void
a_large_body_goes_out_without_asking_first(void **state)
{
	enum { LARGE = 1500000 };
	static const struct tiny_step steps[] = { { TINY_ANSWER, OK_ANSWER, true } };
	struct tiny_server server;
	struct transport_result result;
	char *body = malloc(LARGE);
	const char *arrived;

	(void)state;
	assert_non_null(body);
	for (size_t i = 0; i < LARGE; i++)
		body[i] = (char)('a' + i % 23);
	tiny_server_start(&server, steps, 1);
	start(server.url, (struct slice){ body, LARGE }, PATIENCE_MS);
	result = wait_for_result();
	check_answer(&result, 200, "{\"results\":1}");
	tiny_server_stop(&server);
	assert_null(strstr(server.last, "Expect"));
	arrived = strstr(server.last, "\r\n\r\n");
	assert_non_null(arrived);
	assert_memory_equal(arrived + 4, body, LARGE);
	tiny_server_free(&server);
	free(body);
}

static void
a_connection_serves_many_requests(void **state)
{
	static const struct tiny_step steps[] = {
		{ TINY_ANSWER, OK_ANSWER, true },
		{ TINY_ANSWER, OK_ANSWER, false },
		{ TINY_ANSWER, OK_ANSWER, false },
	};
	struct tiny_server server;

	(void)state;
	tiny_server_start(&server, steps, 3);
	for (int i = 0; i < 3; i++) {
		struct transport_result result = send_to(server.url, PATIENCE_MS);

		check_answer(&result, 200, "{\"results\":1}");
	}
	tiny_server_stop(&server);
	assert_int_equal(server.connections, 1);
	tiny_server_free(&server);
}

static void
answers_come_chunked_or_until_the_end(void **state)
{
	static const struct tiny_step chunked[] = { { TINY_ANSWER,
	    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	    true } };
	static const struct tiny_step until_end[] = { { TINY_ANSWER,
	    "HTTP/1.1 503 No\r\nConnection: close\r\n\r\nbusy", true } };
	static const struct tiny_step nothing[] = { { TINY_ANSWER,
	    "HTTP/1.1 204 No Content\r\n\r\n", true } };
	struct transport_result result;

	(void)state;
	result = play(chunked, 1, PATIENCE_MS);
	check_answer(&result, 201, "abcde");
	result = play(until_end, 1, PATIENCE_MS);
	check_answer(&result, 503, "busy");
	result = play(nothing, 1, PATIENCE_MS);
	check_answer(&result, 204, "");
}

static void
a_redirect_is_an_answer_and_not_followed(void **state)
{
	static const struct tiny_step steps[] = {
		{ TINY_ANSWER, "HTTP/1.1 307 Moved\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
		    true },
		{ TINY_ANSWER, OK_ANSWER, false },
	};
	struct transport_result result = play(steps, 2, PATIENCE_MS);

	(void)state;
	check_answer(&result, 307, "");
}

static void
a_long_answer_is_read_and_its_rest_dropped(void **state)
{
	enum { LONG = TRANSPORT_RESPONSE_MAX + 5000 };
	char *text = malloc(LONG + 100);
	int head = snprintf(text, 100, OK_HEAD "%d\r\n\r\n", LONG);
	struct tiny_step steps[] = { { TINY_ANSWER, text, true } };
	struct transport_result result;

	(void)state;
	memset(text + head, 'z', LONG);
	text[head + LONG] = '\0';
	result = play(steps, 1, PATIENCE_MS);
	assert_int_equal(result.phase, PHASE_ANSWERED);
	assert_int_equal(result.response.n, TRANSPORT_RESPONSE_MAX);
	transport_result_free(&result);
	free(text);
}

static void
an_answer_without_an_end_is_cut_off(void **state)
{
	enum { LONG = TRANSPORT_READ_MAX + 1 };
	char *text = malloc(LONG + 100);
	int head = snprintf(text, 100, OK_HEAD "%d\r\n\r\n", LONG);
	struct tiny_step steps[] = { { TINY_ANSWER, text, true } };
	struct transport_result result;

	(void)state;
	memset(text + head, 'z', LONG);
	text[head + LONG] = '\0';
	result = play(steps, 1, PATIENCE_MS);
	check_failure(&result, PHASE_SENDING);
	/* at the limit it is read to its end */
	head = snprintf(text, 100, OK_HEAD "%d\r\n\r\n", LONG - 1);
	memset(text + head, 'z', LONG - 1);
	text[head + LONG - 1] = '\0';
	result = play(steps, 1, PATIENCE_MS);
	assert_int_equal(result.phase, PHASE_ANSWERED);
	transport_result_free(&result);
	free(text);
}

static void
retry_after_comes_with_the_answer(void **state)
{
	static const struct tiny_step seconds[] = { { TINY_ANSWER,
	    "HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", true } };
	/* a Retry-After date is compared with the answer's own Date, not with our clock */
	static const struct tiny_step date[] = { { TINY_ANSWER,
	    "HTTP/1.1 503 Down\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
	    "retry-after: Wed, 21 Oct 2015 07:29:30 GMT\r\nContent-Length: 0\r\n\r\n",
	    true } };
	struct transport_result result;

	(void)state;
	result = play(seconds, 1, PATIENCE_MS);
	assert_int_equal(result.retry_after_ms, 17000);
	assert_int_equal(result.date, 0);
	check_answer(&result, 429, "");
	result = play(date, 1, PATIENCE_MS);
	assert_int_equal(result.retry_after_ms, 90000);
	assert_int_equal(result.date, INT64_C(1445412480000));
	check_answer(&result, 503, "");
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
	result = play(steps, 1, PATIENCE_MS);
	check_answer(&result, 200, "{\"results\":1}");
	tiny_server_start(&server, steps, 1);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
	setenv("http_proxy", proxy, 1);
	result = send_to("http://nosuchhost.invalid/x", PATIENCE_MS);
	check_answer(&result, 200, "{\"results\":1}");
	unsetenv("http_proxy");
	tiny_server_stop(&server);
	assert_memory_equal(server.last, "POST http://nosuchhost.invalid/x HTTP/1.1\r\n", 43);
	tiny_server_free(&server);
}

/* ---- cancelling and waking --------------------------------------------------------------------
 */

static void
canceled_requests_tell_how_far_they_came(void **state)
{
	static const struct tiny_step steps[] = { { TINY_SILENCE, NULL, true } };
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;
	struct tiny_server server;
	struct transport_result result;
	struct err e;

	(void)state;
	tiny_server_start(&server, steps, 1);
	start(server.url, SLICE("{}"), PATIENCE_MS);
	while (server.requests == 0 && clock_mono(&clock_system) < end)
		assert_int_equal(transport->poll(transport, 10, &e), 0);
	transport->cancel(transport);
	result = wait_for_result();
	check_failure(&result, PHASE_SENDING);
	start(server.url, SLICE("{}"), PATIENCE_MS);
	transport->cancel(transport);
	result = wait_for_result();
	check_failure(&result, PHASE_NOT_SENT);
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
	start(server.url, SLICE("{}"), PATIENCE_MS);
	assert_int_equal(transport->poll(transport, 10, &e), 0);
	transport_rig_tear_down(state);
	tiny_server_stop(&server);
	tiny_server_free(&server);
	transport_rig_set_up(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_arrives_whole_and_its_answer_comes_back),
		cmocka_unit_test(a_large_body_goes_out_without_asking_first),
		cmocka_unit_test(a_connection_serves_many_requests),
		cmocka_unit_test(answers_come_chunked_or_until_the_end),
		cmocka_unit_test(a_redirect_is_an_answer_and_not_followed),
		cmocka_unit_test(a_long_answer_is_read_and_its_rest_dropped),
		cmocka_unit_test(an_answer_without_an_end_is_cut_off),
		cmocka_unit_test(retry_after_comes_with_the_answer),
		cmocka_unit_test(proxy_variables_count_but_not_for_loopback),
		cmocka_unit_test(canceled_requests_tell_how_far_they_came),
		cmocka_unit_test(waking_lifts_poll_out_of_its_sleep),
		cmocka_unit_test(freeing_ends_what_is_under_way),
	};

	return cmocka_run_group_tests_name(
	    "transport", tests, transport_rig_set_up, transport_rig_tear_down);
}
