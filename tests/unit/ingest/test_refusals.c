/* ingest/refusals: each refused request is counted by its reason, and logged once a minute. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/refusals.h"
#include "unit/ingest/caught_log.h"
#include "unit/ingest/ingest_world.h"

#define EVENT "{\"type\":\"track\",\"event\":\"E\",\"userId\":\"u\"}"

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
	caught_log_end();
	world_free(w);
	return 0;
}

static void
post(const char *path, const char *headers, const char *body, int status)
{
	struct client *c = client_new(w, 0);

	client_post(c, path, headers, body);
	client_expect(c, status, NULL);
	client_free(c);
}

static void
test_reasons(void **state)
{
	(void)state;
	post("/v1/nothing", "", EVENT, 404);
	post("/v1/track", "", EVENT, 401);
	post("/v1/track", "Authorization: Basic d3Jvbmc6\r\n", EVENT, 401);
	post("/v1/batch?writeKey=alpha", "Content-Encoding: br\r\n", EVENT, 415);
	post("/v1/batch?writeKey=alpha", "", "{", 400);
	post("/v1/track?writeKey=alpha", "", EVENT, 200);
	world_expect_count(w, "accepted", 1);
	world_expect_count(w, "not_found", 1);
	world_expect_count(w, "invalid_write_key", 2);
	world_expect_count(w, "unsupported_encoding", 1);
	world_expect_count(w, "invalid_json", 1);
}

static void
test_cut_off(void **state)
{
	struct client *c = client_new(w, 0);

	(void)state;
	client_send(c, "POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"a\"");
	world_run_a_while(w);
	client_free(c);
	world_expect_count(w, "cut_off", 1);
	/* A connection that closes between requests does not count as a refusal. */
	c = client_new(w, 0);
	world_run_a_while(w);
	client_free(c);
	world_run_a_while(w);
	world_expect_count(w, "cut_off", 1);
}

static void
test_health_is_no_refusal(void **state)
{
	struct client *c = client_new(w, 0);

	(void)state;
	ingest_outbox_set_health(w->outbox, OUTBOX_FULL, "full");
	client_send(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	client_expect(c, 503, NULL);
	client_free(c);
	post("/v1/nothing", "", EVENT, 404);
	world_expect_count(w, "not_found", 1);
	assert_int_equal(ingest_outbox_requests(w->outbox, "storage_full"), 0);
}

static void
test_log_is_limited(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		post("/v1/nothing", "", EVENT, 404);
	post("/v1/track", "", EVENT, 401);
	world_expect_count(w, "not_found", 5);
	assert_int_equal(caught_log_count("refused a request from 127.0.0.1: not_found"), 1);
	assert_non_null(strstr(caught_log(), "invalid_write_key"));
	/* A minute later the suppressed lines are counted, and the next refusal has its own
	 * line. */
	world_wait_ms(w, 60001);
	post("/v1/nothing", "", EVENT, 404);
	world_expect_count(w, "not_found", 6);
	assert_int_equal(caught_log_count("refused 4 more requests from 127.0.0.1: not_found"), 1);
	assert_non_null(strstr(caught_log(), "refused a request from 127.0.0.1: not_found"));
}

static bool
was_turned_away(void *arg)
{
	return ingest_outbox_turned_away(w->outbox) > *(const unsigned *)arg;
}

static void
expect_turned_away(void)
{
	unsigned before = ingest_outbox_turned_away(w->outbox);

	world_run_until(w, was_turned_away, &before, "a report that is not stored");
}

static void
test_not_kept_counts_again(void **state)
{
	(void)state;
	ingest_outbox_fail(w->outbox, ERR_FULL);
	post("/v1/nothing", "", EVENT, 404);
	expect_turned_away();
	ingest_outbox_refuse(w->outbox, true);
	expect_turned_away();
	assert_int_equal(ingest_outbox_requests(w->outbox, "not_found"), 0);
	ingest_outbox_refuse(w->outbox, false);
	ingest_outbox_fail(w->outbox, ERR_NONE);
	world_expect_count(w, "not_found", 1);
}

/* ---- without a server ------------------------------------------------------------------------ */

#define MANY (REFUSAL_CLIENTS + 1)

static char many[MANY][16];

static struct refusals *
new_refusals(void)
{
	struct refusals *r;
	struct err e;

	for (int i = 0; i < MANY; i++)
		snprintf(many[i], sizeof(many[i]), "reason-%d", i);
	assert_int_equal(refusals_new(w->outbox, &w->clock, &r, &e), 0);
	return r;
}

static void
test_the_last_outcome_stands_for_the_rest(void **state)
{
	struct refusals *r = new_refusals();

	(void)state;
	for (int i = 0; i < OUTBOX_REQUESTS_OUTCOMES + 2; i++)
		refusals_add(r, many[i], "", -1);
	refusals_tick(r);
	assert_int_equal(ingest_outbox_requests(w->outbox, many[0]), 1);
	assert_int_equal(ingest_outbox_requests(w->outbox, many[OUTBOX_REQUESTS_OUTCOMES - 2]), 1);
	assert_int_equal(ingest_outbox_requests(w->outbox, many[OUTBOX_REQUESTS_OUTCOMES - 1]), 0);
	assert_int_equal(ingest_outbox_requests(w->outbox, "other"), 3);
	refusals_free(r);
}

static void
test_the_oldest_pair_makes_room(void **state)
{
	struct refusals *r = new_refusals();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		refusals_add(r, many[i], "", -1);
		world_wait_ms(w, 1);
	}
	assert_int_equal(caught_log_count("refused a request"), MANY);
	refusals_add(r, many[MANY - 2], "", -1);
	refusals_add(r, many[1], "", -1);
	assert_int_equal(caught_log_count("refused a request"), 0);
	refusals_add(r, many[0], "", -1);
	assert_int_equal(caught_log_count("refused a request"), 1);
	refusals_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reasons, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_health_is_no_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_log_is_limited, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_kept_counts_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_the_last_outcome_stands_for_the_rest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_oldest_pair_makes_room, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
