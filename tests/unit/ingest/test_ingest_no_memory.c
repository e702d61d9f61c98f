/* ingest: connections that end because there is no memory for them are counted and logged. */
#include "lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/connection.h"
#include "unit/ingest/caught_log.h"
#include "unit/ingest/ingest_world.h"

#define EVENT "{\"type\":\"track\",\"event\":\"E\",\"userId\":\"u\"}"

/* ---- what fails ---------------------------------------------------------------------- */

static enum { NOTHING, CONNECTIONS, BUFFERS, EVENTS, ANSWERS } lacking;
static bool answer_waits;          /* the client did not take an answer, so it is kept */
static size_t buffer_size = 16384; /* of the input of a connection, with the default limits */

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t n);
ssize_t __real_send(int fd, const void *p, size_t n, int flags);
int __real_event_add(struct event *event, const struct timeval *timeout);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
int __wrap_event_add(struct event *event, const struct timeval *timeout);

void *
__wrap_calloc(size_t n, size_t size)
{
	return lacking == CONNECTIONS && size == sizeof(struct conn) ? NULL
								     : __real_calloc(n, size);
}

void *
__wrap_malloc(size_t n)
{
	if (lacking == BUFFERS ? n >= buffer_size : answer_waits) {
		answer_waits = false;
		return NULL;
	}
	return __real_malloc(n);
}

ssize_t
__wrap_send(int fd, const void *p, size_t n, int flags)
{
	if (lacking != ANSWERS || n < 5 || memcmp(p, "HTTP/", 5) != 0)
		return __real_send(fd, p, n, flags);
	answer_waits = true;
	errno = EAGAIN;
	return -1;
}

int
__wrap_event_add(struct event *event, const struct timeval *timeout)
{
	return lacking == EVENTS && timeout == NULL ? -1 : __real_event_add(event, timeout);
}

/* ---- the world, and its log ------------------------------------------------------------ */

static struct world *w;

static int
set_up(void **state)
{
	(void)state;
	w = world_start(true);
	caught_log_begin();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	lacking = NOTHING;
	caught_log_end();
	world_free(w);
	return 0;
}

/* The server is well again: a client is served, and nothing more is counted. */
static void
expect_recovery(int64_t counted)
{
	struct client *c;

	lacking = NOTHING;
	c = client_new(w, 0);
	client_post(c, "/v1/track?writeKey=alpha", "", EVENT);
	client_expect(c, 200, NULL);
	client_free(c);
	world_expect_count(w, "accepted", 1);
	world_expect_count(w, "no_memory", counted);
}

static void
turn_away_clients(int n)
{
	for (int i = 0; i < n; i++) {
		struct client *c = client_new(w, 0);

		client_expect_end(c);
		client_free(c);
	}
}

/* ---- the tests ------------------------------------------------------------------------- */

static void
no_memory_for_a_connection(void **state)
{
	(void)state;
	lacking = CONNECTIONS;
	turn_away_clients(3);
	expect_recovery(3);
	/* One line of the server and one of the client's address; the rest is suppressed. */
	assert_int_equal(caught_log_count("there is no memory for it"), 1);
	assert_non_null(strstr(caught_log(),
	    "refused a request from 127.0.0.1: no_memory: no memory is left for its connection"));
	world_wait_ms(w, SERVER_LOG_MS);
	lacking = CONNECTIONS;
	turn_away_clients(1);
	world_expect_count(w, "no_memory", 4);
	assert_int_equal(caught_log_count("(2 times more since the last such line)"), 1);
}

static void
no_memory_to_watch_a_connection(void **state)
{
	(void)state;
	lacking = EVENTS;
	turn_away_clients(2);
	expect_recovery(2);
	assert_int_equal(caught_log_count("there is no memory for it"), 1);
}

static void
no_memory_for_what_a_client_sends(void **state)
{
	struct client *c = client_new(w, 0);

	(void)state;
	world_run_a_while(w);
	lacking = BUFFERS;
	client_post(c, "/v1/track?writeKey=alpha", "", EVENT);
	client_expect_end(c);
	client_free(c);
	expect_recovery(1);
	assert_int_equal(caught_log_count("there is no memory for it"), 1);
}

/* The events are stored, so the request counts as accepted: the loss is only logged. */
static void
no_memory_for_an_answer(void **state)
{
	struct client *c = client_new(w, 0);

	(void)state;
	lacking = ANSWERS;
	client_post(c, "/v1/track?writeKey=alpha", "", EVENT);
	client_expect_end(c);
	client_free(c);
	world_expect_count(w, "accepted", 1);
	assert_int_equal(caught_log_count("there is no memory for it"), 1);
	assert_int_equal(ingest_outbox_requests(w->outbox, "no_memory"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_memory_for_a_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_memory_to_watch_a_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    no_memory_for_what_a_client_sends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_memory_for_an_answer, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("ingest without memory", tests, NULL, NULL);
}
