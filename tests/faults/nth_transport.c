/*
 * The transport with the Nth allocation or call of libcurl failing, while it sends a request.
 *
 * refutes: an answer is reported that did not come, or the next request fails
 *
 * takes: 1 minute
 *
 * runs: all
 */
#include "unit/dispatch/transport/transport_rig.h"

#include <string.h>

#include "lib/failing/nth.h"

#define EVERY 1000 /* all of them take a second */

static struct tiny_server server;
static struct transport_result result;
static struct transport_request request;
static const struct tiny_step steps[] = {
	{ TINY_ANSWER, OK_ANSWER, true },
	{ TINY_ANSWER, OK_ANSWER, true },
};

static void
prepare(void)
{
	tiny_server_start(&server, steps, 2);
	request = request_to(server.url, SLICE("{\"events\":[]}"), 5000);
	result = (struct transport_result){ .phase = PHASE_NOT_SENT };
	transport = NULL;
}

/* Returns -1 when the transport reported that it cannot begin. */
static int
send_one(void)
{
	struct err e = { 0 };
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;

	if (transport == NULL && transport_curl_new("bentospool/test", &transport, &e) != 0)
		return -1;
	if (transport->start(transport, &request, &e) != 0)
		return -1;
	while (transport->finished(transport, &result) == 0) {
		assert_true(clock_mono(&clock_system) < end);
		/* The dispatcher logs a failed poll and tries it again. */
		(void)transport->poll(transport, 10, &e);
	}
	return 0;
}

static int
send_armed(void)
{
	int rc;

	nth_arm();
	rc = send_one();
	nth_disarm();
	return rc;
}

static void
check(int rc, bool fired)
{
	int arrived = server.requests;

	if (!fired)
		assert_int_equal(rc, 0);
	if (!fired || (rc == 0 && result.phase == PHASE_ANSWERED)) {
		assert_int_equal(result.phase, PHASE_ANSWERED);
		assert_int_equal(result.http_status, 200);
		assert_int_equal(result.response.n, 13);
		assert_int_equal(arrived, 1);
	} else if (rc == 0) {
		assert_true(result.error[0] != '\0');
		if (result.phase == PHASE_NOT_SENT)
			assert_int_equal(arrived, 0);
	} else {
		assert_int_equal(arrived, 0);
	}
	if (rc == 0)
		transport_result_free(&result);
	/* The next one works, on the same transport. A connection that the failure left half used
	 * may cost one request more, which then counts as lost. */
	if (transport == NULL || server.requests < 2) {
		assert_int_equal(send_one(), 0);
		if (result.phase == PHASE_SENDING) {
			transport_result_free(&result);
			assert_int_equal(send_one(), 0);
		}
		assert_int_equal(result.phase, PHASE_ANSWERED);
		transport_result_free(&result);
	}
	transport->free(transport);
	tiny_server_stop(&server);
	tiny_server_free(&server);
}

static void
a_request_survives(void **state)
{
	const struct nth_workload workload = { "request", prepare, send_armed, check };

	(void)state;
	nth_try(&workload,
	    &(struct nth_fault){ .name = "alloc", .in_a_row = 1, .one_thread = true }, EVERY);
	nth_try(&workload,
	    &(struct nth_fault){ .name = "alloc", .in_a_row = 3, .one_thread = true }, EVERY);
	nth_try(&workload, &(struct nth_fault){ .name = "curl", .in_a_row = 1 }, EVERY);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_request_survives) };

	(void)argc;
	nth_start(argv);
	return cmocka_run_group_tests_name("nth transport", tests, NULL, NULL);
}
