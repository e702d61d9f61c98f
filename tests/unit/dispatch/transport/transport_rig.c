#include "unit/dispatch/transport/transport_rig.h"

#include <string.h>

struct transport *transport;

int
transport_rig_set_up(void **state)
{
	struct err e;

	(void)state;
	if (transport_curl_new("bentospool/test", &transport, &e) != 0)
		fail_msg("%s", e.text);
	return 0;
}

int
transport_rig_tear_down(void **state)
{
	(void)state;
	transport->free(transport);
	return 0;
}

struct transport_request
request_to(const char *url, struct slice body, int64_t timeout_ms)
{
	return (struct transport_request){
		.owner = &transport,
		.url = url,
		.user = "pub",
		.password = "sec",
		.body = body,
		.timeout_ms = timeout_ms,
	};
}

void
start(const char *url, struct slice body, int64_t timeout_ms)
{
	struct transport_request request = request_to(url, body, timeout_ms);
	struct err e;

	if (transport->start(transport, &request, &e) != 0)
		fail_msg("%s", e.text);
}

struct transport_result
wait_for_result(void)
{
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;
	struct transport_result result;
	struct err e;

	while (transport->finished(transport, &result) == 0) {
		assert_true(clock_mono(&clock_system) < end);
		if (transport->poll(transport, 1000, &e) != 0)
			fail_msg("%s", e.text);
	}
	assert_ptr_equal(result.owner, &transport);
	return result;
}

struct transport_result
send_to(const char *url, int64_t timeout_ms)
{
	start(url, SLICE("{\"events\":[]}"), timeout_ms);
	return wait_for_result();
}

/* Sends one request to a server with this script; returns the result. */
struct transport_result
play(const struct tiny_step *steps, size_t n, int64_t timeout_ms)
{
	struct tiny_server server;
	struct transport_result result;

	tiny_server_start(&server, steps, n);
	result = send_to(server.url, timeout_ms);
	tiny_server_stop(&server);
	tiny_server_free(&server);
	return result;
}

void
check_answer(struct transport_result *r, int status, const char *body)
{
	assert_int_equal(r->phase, PHASE_ANSWERED);
	assert_int_equal(r->http_status, status);
	assert_string_equal(r->error, "");
	assert_int_equal(r->response.n, strlen(body));
	assert_memory_equal(r->response.p == NULL ? "" : r->response.p, body, strlen(body));
	transport_result_free(r);
}

void
check_failure(struct transport_result *r, enum request_phase phase)
{
	assert_int_equal(r->phase, phase);
	assert_string_not_equal(r->error, "");
	assert_int_equal(r->retry_after_ms, -1);
	transport_result_free(r);
}
