/* ingest: the memory for bodies, summed over all connections. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ingest/ingest_world.h"

#define MAX_BODY 4194304

/* Makes {"a":"xxx..."} of n bytes; the caller frees it. */
static char *
make_body(size_t n)
{
	char *body = malloc(n + 1);

	assert_non_null(body);
	memset(body, 'x', n);
	memcpy(body, "{\"a\":\"", 6);
	memcpy(body + n - 2, "\"}", 3);
	return body;
}

static void
send_head(struct client *c, size_t length)
{
	char head[128];

	snprintf(head, sizeof(head),
	    "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", length);
	client_send(c, head);
}

static void
bodies_of_all_connections_are_limited(void **state)
{
	struct world *w = world_new();
	struct client *first, *second, *small;
	char *body = make_body(600000);
	struct response r;

	(void)state;
	w->o.max_buffered_bytes = 1000000;
	world_open(w);
	first = client_new(w, 0);
	second = client_new(w, 0);
	small = client_new(w, 0);
	ingest_outbox_hold(w->outbox, true);
	send_head(first, 600000);
	client_send_bytes(first, body, 600000);
	world_run_until_waiting(w, 1);
	send_head(second, 600000);
	client_send_bytes(second, body, 600000);
	client_expect(second, 503, &r);
	response_has(&r, "Retry-After: 1");
	client_expect_end(second);
	client_post(small, "/v1/track", "", "{}");
	world_run_until_waiting(w, 2);
	ingest_outbox_hold(w->outbox, false);
	client_expect(first, 200, NULL);
	client_expect(small, 200, NULL);
	/* and the memory is free again */
	send_head(small, 600000);
	client_send_bytes(small, body, 600000);
	client_expect(small, 200, NULL);
	for (int i = 0; i < 300; i++) {
		client_post(small, "/v1/track", "", "{}");
		client_expect(small, 200, NULL);
	}
	client_free(first);
	client_free(second);
	client_free(small);
	free(body);
	world_free(w);
}

/* Makes a batch of n times {}; the caller frees it. */
static char *
make_tiny_events(size_t n)
{
	char *body = malloc(n * 3 + 32), *at = body;

	assert_non_null(body);
	at = stpncpy(at, "{\"batch\":[{}", 13);
	for (size_t i = 1; i < n; i++)
		at = stpncpy(at, ",{}", 4);
	stpncpy(at, "]}", 3);
	return body;
}

static void
many_tiny_events_count_for_what_they_take(void **state)
{
	struct world *w = world_new();
	struct client *c, *other;
	char *body = make_tiny_events(900000 / (sizeof(struct segment_event) + SEGMENT_DETAIL_MAX));

	(void)state;
	w->o.max_buffered_bytes = 1000000; /* the bodies are small, but the events of one need more
					      than half of the quota */
	world_open(w);
	c = client_new(w, 0);
	other = client_new(w, 0);
	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/batch", "", body);
	world_run_until_waiting(w, 1);
	for (int i = 0; i < 2; i++) {
		client_post(other, "/v1/batch", "", body);
		client_expect(other, 503, NULL);
	}
	ingest_outbox_hold(w->outbox, false);
	client_expect(c, 200, NULL);
	/* and the memory is free again */
	for (int i = 0; i < 20; i++) {
		client_post(other, "/v1/batch", "", body);
		client_expect(other, 200, NULL);
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), 21);
	client_free(c);
	client_free(other);
	free(body);
	world_free(w);
}

/* A 503 would make the client try forever. */
static void
events_that_no_memory_could_ever_hold_are_refused_for_good(void **state)
{
	struct world *w = world_new();
	struct client *c;
	char *body = make_tiny_events(MAX_BODY / 3 - 10);
	struct response r;

	(void)state;
	w->o.max_buffered_bytes = 33554432; /* the setting's default */
	world_open(w);
	c = client_new(w, 0);
	client_post(c, "/v1/batch", "", body);
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "\"code\":\"too_many_events\""));
	assert_non_null(strstr(r.body, "post smaller batches"));
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
	free(body);
	body = make_tiny_events(100000);
	client_post(c, "/v1/batch", "", body);
	client_expect(c, 200, NULL);
	client_free(c);
	free(body);
	world_free(w);
}

/* The columns of each event count against the memory, too. */
static void
notes_that_no_memory_could_ever_hold_are_refused_for_good(void **state)
{
	static const char event[] = ",{\"messageId\":\"ab\"}";
	const size_t max = 1000000;
	size_t n = max / (sizeof(struct segment_event) + SEGMENT_DETAIL_MAX);
	struct world *w = world_new();
	struct client *c;
	struct buf body;
	struct response r;

	(void)state;
	w->o.max_buffered_bytes = max;
	w->o.max_message_id = 1;
	world_open(w);
	c = client_new(w, 0);
	buf_init(&body, max);
	for (int times = 0; times < 2; times++, n /= 2) {
		buf_clear(&body);
		buf_append_literal(&body, "{\"batch\":[{}");
		for (size_t i = 1; i < n; i++)
			buf_append_literal(&body, event);
		buf_append_literal(&body, "]}");
		client_post(c, "/v1/batch", "", body.p);
		client_expect(c, times == 0 ? 400 : 200, &r);
		assert_true(times == 1 || strstr(r.body, "too_many_events") != NULL);
	}
	client_free(c);
	buf_free(&body);
	world_free(w);
}

static void
an_announced_body_takes_no_memory_before_it_comes(void **state)
{
	struct world *w = world_new();
	struct client *c[8], *other;

	(void)state;
	w->o.max_buffered_bytes = 2 * MAX_BODY;
	world_open(w);
	for (int i = 0; i < 8; i++) {
		c[i] = client_new(w, 0);
		send_head(c[i], MAX_BODY);
		client_send(c[i], "{");
	}
	world_run_a_while(w);
	other = client_new(w, 0);
	client_post(other, "/v1/track", "", "{}");
	client_expect(other, 200, NULL);
	for (int i = 0; i < 8; i++)
		client_free(c[i]);
	client_free(other);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_of_all_connections_are_limited),
		cmocka_unit_test(many_tiny_events_count_for_what_they_take),
		cmocka_unit_test(events_that_no_memory_could_ever_hold_are_refused_for_good),
		cmocka_unit_test(notes_that_no_memory_could_ever_hold_are_refused_for_good),
		cmocka_unit_test(an_announced_body_takes_no_memory_before_it_comes),
	};

	return cmocka_run_group_tests_name("ingest memory", tests, NULL, NULL);
}
