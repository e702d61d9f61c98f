/*
 * Ingest with the Nth allocation or call of libevent failing, while a client posts.
 *
 * refutes: without memory a client gets no answer and no end, or a false 200
 *
 * takes: 2 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/failing/nth.h"
#include "lib/gzip_maker.h"
#include "unit/ingest/ingest_world.h"

#define BATCH                                                                                      \
	"{\"batch\":[{\"type\":\"track\",\"event\":\"A\",\"messageId\":\"m\",\"userId\":\"u\","    \
	"\"context\":{\"traits\":{\"email\":\"ann@example.com\"}},\"properties\":{\"a\":1}},"      \
	"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"bob@example.com\"}}]}"

static struct world *w;
static struct client *c;
static const char *head, *body;
static size_t body_size;
static unsigned before; /* messages that the outbox had taken */

static void
prepare(void)
{
	w = world_start(true);
	c = client_new(w, 0);
	world_run_a_while(w); /* the connection is accepted */
	before = ingest_outbox_given_back(w->outbox);
}

static bool
is_over(void *arg)
{
	(void)arg;
	client_read(c);
	return c->closed || (strstr(c->got, "\r\n\r\n") != NULL && strstr(c->got, "}") != NULL);
}

static int
post(void)
{
	nth_arm();
	client_send(c, head);
	client_send_bytes(c, body, body_size);
	world_run_until(w, is_over, NULL, "an answer or the end");
	nth_disarm();
	return strncmp(c->got, "HTTP/1.1 200 ", 13) == 0 ? 0 : -1;
}

/* The connection is accepted while calls fail. */
static int
connect_and_post(void)
{
	client_free(c);
	c = client_new(w, 0);
	return post();
}

static void
check(int rc, bool fired)
{
	static const char *const answers[] = { "HTTP/1.1 503 ", "HTTP/1.1 500 " };
	struct client *next;

	if (rc == 0)
		world_run_until_given_back(w, before + 1);
	if (!fired)
		assert_int_equal(rc, 0);
	if (rc != 0 && c->n_got > 0 && strncmp(c->got, answers[0], 13) != 0
	    && strncmp(c->got, answers[1], 13) != 0)
		fail_msg("a lack of memory was answered %s", c->got);
	client_free(c);
	world_wait_ms(w, 5000);
	next = client_new(w, 0);
	client_send(next, head);
	client_send_bytes(next, body, body_size);
	client_expect(next, 200, NULL);
	client_free(next);
	world_free(w);
}

static void
try_everything(int (*act)(void), const char *name)
{
	const struct nth_workload workload = { name, prepare, act, check };

	nth_try(&workload, &(struct nth_fault){ "alloc", 1, 0, false }, 10);
	nth_try(&workload, &(struct nth_fault){ "alloc", 3, 0, false }, 10);
	nth_try(&workload, &(struct nth_fault){ "event", 1, 0, false }, 10);
	nth_try(&workload, &(struct nth_fault){ "epoll_ctl", 1, 12, false }, 10);
}

/* ---- a listener that pauses
 * ------------------------------------------------------------------------ */

static struct client *waiting;

/* One connection is allowed and idle; another waits for it to end. */
static void
prepare_pause(void)
{
	w = world_new();
	w->o.max_connections = 1;
	world_open(w);
	c = client_new(w, 0);
	world_run_a_while(w);
	waiting = client_new(w, 0);
	world_run_a_while(w);
}

static int
end_pause(void)
{
	nth_arm();
	client_free(c);
	world_run_a_while(w);
	nth_disarm();
	return 0;
}

static bool
is_answered(void *arg)
{
	client_read(arg);
	world_wait_ms(w, 10);
	return waiting->closed || strstr(waiting->got, "\r\n\r\n{") != NULL;
}

static void
check_pause(int rc, bool fired)
{
	(void)rc;
	(void)fired;
	client_post(waiting, "/v1/track", "", "{}");
	world_run_until(w, is_answered, waiting, "the connection that waited");
	/* Without memory it may be accepted and closed. */
	if (waiting->closed) {
		client_free(waiting);
		waiting = client_new(w, 0);
		client_post(waiting, "/v1/track", "", "{}");
		world_run_until(w, is_answered, waiting, "the next connection");
	}
	assert_int_equal(strncmp(waiting->got, "HTTP/1.1 200 ", 13), 0);
	client_free(waiting);
	world_free(w);
}

static void
a_pause_ends(void **state)
{
	const struct nth_workload workload = { "pause", prepare_pause, end_pause, check_pause };

	(void)state;
	nth_try(&workload, &(struct nth_fault){ "event", 1, 0, false }, 10);
	nth_try(&workload, &(struct nth_fault){ "event", 3, 0, false }, 10);
	nth_try(&workload, &(struct nth_fault){ "epoll_ctl", 1, 12, false }, 10);
	nth_try(&workload, &(struct nth_fault){ "epoll_ctl", 4, 12, false }, 10);
}

#define HEAD(more, length)                                                                         \
	"POST /v1/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxwaGE6\r\n" more             \
	"Content-Length: " length "\r\n\r\n"

static void
a_post_survives(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), HEAD("", "%zu"), sizeof(BATCH) - 1);
	head = text;
	body = BATCH;
	body_size = sizeof(BATCH) - 1;
	try_everything(post, "post");
	try_everything(connect_and_post, "connect");
}

static void
a_compressed_post_survives(void **state)
{
	char text[256];
	char *packed = gzip_make(BATCH, sizeof(BATCH) - 1, 6, &body_size);

	(void)state;
	snprintf(text, sizeof(text), HEAD("Content-Encoding: gzip\r\n", "%zu"), body_size);
	head = text;
	body = packed;
	try_everything(post, "gzip");
	free(packed);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post_survives),
		cmocka_unit_test(a_compressed_post_survives),
		cmocka_unit_test(a_pause_ends),
	};

	(void)argc;
	nth_start(argv);
	return cmocka_run_group_tests_name("nth ingest", tests, NULL, NULL);
}
