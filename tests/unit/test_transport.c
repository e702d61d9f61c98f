/* The transport on libcurl against a server that behaves and misbehaves. */
#include "lib/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lib/transport_rig.h"

/* ---- good days --------------------------------------------------------------------------------
 */

static void
a_request_arrives_whole_and_its_answer_comes_back(void **state)
{
	static const struct tiny_step steps[] = { { TINY_ANSWER, OK_ANSWER, true } };
	struct tiny_server server;
	struct transport_result result;

	(void)state;
	tiny_server_start(&server, steps, 1);
	result = transport_send_to(server.url, PATIENCE_MS);
	assert_int_equal(result.retry_after_ms, -1);
	transport_check_answer(&result, 200, "{\"results\":1}");
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
	transport_start(server.url, (struct slice){ body, LARGE }, PATIENCE_MS);
	result = transport_wait_for_result();
	transport_check_answer(&result, 200, "{\"results\":1}");
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
		struct transport_result result = transport_send_to(server.url, PATIENCE_MS);

		transport_check_answer(&result, 200, "{\"results\":1}");
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
	result = transport_play(chunked, 1, PATIENCE_MS);
	transport_check_answer(&result, 201, "abcde");
	result = transport_play(until_end, 1, PATIENCE_MS);
	transport_check_answer(&result, 503, "busy");
	result = transport_play(nothing, 1, PATIENCE_MS);
	transport_check_answer(&result, 204, "");
}

static void
a_redirect_is_an_answer_and_not_followed(void **state)
{
	static const struct tiny_step steps[] = {
		{ TINY_ANSWER, "HTTP/1.1 307 Moved\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
		    true },
		{ TINY_ANSWER, OK_ANSWER, false },
	};
	struct transport_result result = transport_play(steps, 2, PATIENCE_MS);

	(void)state;
	transport_check_answer(&result, 307, "");
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
	result = transport_play(steps, 1, PATIENCE_MS);
	assert_int_equal(result.phase, PHASE_ANSWERED);
	assert_int_equal(result.response.n, TRANSPORT_RESPONSE_MAX);
	transport_result_free(&result);
	free(text);
}

static void
retry_after_comes_with_the_answer(void **state)
{
	static const struct tiny_step seconds[] = { { TINY_ANSWER,
	    "HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", true } };
	/* our clock has no say: the answer brings its own */
	static const struct tiny_step date[] = { { TINY_ANSWER,
	    "HTTP/1.1 503 Down\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
	    "retry-after: Wed, 21 Oct 2015 07:29:30 GMT\r\nContent-Length: 0\r\n\r\n",
	    true } };
	struct transport_result result;

	(void)state;
	result = transport_play(seconds, 1, PATIENCE_MS);
	assert_int_equal(result.retry_after_ms, 17000);
	transport_check_answer(&result, 429, "");
	result = transport_play(date, 1, PATIENCE_MS);
	assert_int_equal(result.retry_after_ms, 90000);
	transport_check_answer(&result, 503, "");
}

/* ---- bad days ---------------------------------------------------------------------------------
 */

static void
nothing_was_sent_when_nobody_listens(void **state)
{
	struct tiny_server server;
	struct transport_result result;

	(void)state;
	tiny_server_start(&server, NULL, 0);
	tiny_server_stop(&server);
	result = transport_send_to(server.url, PATIENCE_MS);
	transport_check_failure(&result, PHASE_NOT_SENT);
	tiny_server_free(&server);
}

static void
nothing_was_sent_to_a_name_that_does_not_resolve(void **state)
{
	struct transport_result result = transport_send_to("http://nosuchhost.invalid/x", 5000);

	(void)state;
	assert_int_equal(result.http_status, 0);
	transport_check_failure(&result, PHASE_NOT_SENT);
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
	result = transport_send_to(url, PATIENCE_MS);
	transport_check_failure(&result, PHASE_NOT_SENT);
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
	result = transport_play(unread, 1, PATIENCE_MS);
	assert_int_equal(result.http_status, 0);
	transport_check_failure(&result, PHASE_SENDING);
	result = transport_play(read, 1, PATIENCE_MS);
	transport_check_failure(&result, PHASE_SENDING);
}

static void
a_truncated_answer_is_none(void **state)
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
		struct transport_result result = transport_play(steps, 2, PATIENCE_MS);

		transport_check_failure(&result, PHASE_SENDING);
	}
}

static void
a_slow_answer_times_out(void **state)
{
	static const struct tiny_step steps[] = { { TINY_SILENCE, NULL, true } };
	struct transport_result result = transport_play(steps, 1, 300);

	(void)state;
	assert_non_null(strstr(result.error, "timed out"));
	transport_check_failure(&result, PHASE_SENDING);
}

static void
what_is_no_url_does_not_start(void **state)
{
	struct transport_request request = transport_request_to("", SLICE("{}"), 1000);
	struct transport_request strange =
	    transport_request_to("ftp://127.0.0.1/x", SLICE("{}"), 1000);
	struct transport_result result;
	struct err e;

	(void)state;
	assert_int_equal(transport->start(transport, &request, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(transport->start(transport, &strange, &e), 0);
	result = transport_wait_for_result();
	/* refused for its scheme, before anybody was asked to connect */
	assert_null(strstr(result.error, "connect"));
	transport_check_failure(&result, PHASE_NOT_SENT);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, transport_set_up, transport_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_arrives_whole_and_its_answer_comes_back),
		TEST(a_large_body_goes_out_without_asking_first),
		TEST(a_connection_serves_many_requests),
		TEST(answers_come_chunked_or_until_the_end),
		TEST(a_redirect_is_an_answer_and_not_followed),
		TEST(a_long_answer_is_read_and_its_rest_dropped),
		TEST(retry_after_comes_with_the_answer),
		TEST(nothing_was_sent_when_nobody_listens),
		TEST(nothing_was_sent_to_a_name_that_does_not_resolve),
		TEST(nothing_was_sent_when_tls_fails),
		TEST(a_reset_after_sending_leaves_it_unknown),
		TEST(a_truncated_answer_is_none),
		TEST(a_slow_answer_times_out),
		TEST(what_is_no_url_does_not_start),
	};

	return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
