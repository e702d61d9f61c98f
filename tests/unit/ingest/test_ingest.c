/* ingest: requests over real sockets, and their answers. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/ingest/ingest_world.h"

#define TRACK                                                                                      \
	"{\"event\":\"Order Completed\",\"email\":\"a@example.com\",\"properties\":{\"n\":1.10}}"

static int
start(void **state)
{
	*state = world_start(false);
	return 0;
}

static int
start_with_keys(void **state)
{
	*state = world_start(true);
	return 0;
}

static int
end(void **state)
{
	world_free(*state);
	return 0;
}

static void
the_answer_comes_after_the_commit(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;
	struct fake_put put;

	ingest_outbox_hold(w->outbox, true);
	client_post(c, "/v1/track", "", TRACK);
	world_run_until_waiting(w, 1);
	client_expect_silence(c);
	ingest_outbox_release(w->outbox, 1);
	client_expect(c, 200, &r);
	assert_string_equal(r.body, "{\"success\": true}");
	response_has(&r, "Content-Type: application/json");
	response_has(&r, "Content-Length: 17");
	response_has_not(&r, "Connection:");
	response_has_not(&r, "Access-Control");
	response_has(&r, "Date: Sat, 01 Aug 2026 12:34:56 GMT");
	ingest_outbox_last(w->outbox, &put);
	assert_int_equal(put.site_id, 1);
	assert_int_equal(put.n_events, 1);
	assert_true(put.sum == ingest_outbox_sum(TRACK, strlen(TRACK)));
	assert_true(put.received_at > 0);
	client_free(c);
}

static void
every_path_has_its_kind(void **state)
{
	static const struct {
		const char *path;
		enum event_kind kind;
	} paths[] = {
		{ "/v1/track", KIND_TRACK },
		{ "/v1/t", KIND_TRACK },
		{ "/v1/identify", KIND_IDENTIFY },
		{ "/v1/i", KIND_IDENTIFY },
		{ "/v1/page", KIND_PAGE },
		{ "/v1/p", KIND_PAGE },
		{ "/v1/screen", KIND_SCREEN },
		{ "/v1/s", KIND_SCREEN },
		{ "/v1/group", KIND_GROUP },
		{ "/v1/g", KIND_GROUP },
		{ "/v1/alias", KIND_ALIAS },
		{ "/v1/a", KIND_ALIAS },
		{ "/v1/delete", KIND_DELETE },
	};
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct fake_put put;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		client_post(c, paths[i].path, "", TRACK);
		client_expect(c, 200, NULL);
		ingest_outbox_last(w->outbox, &put);
		if (put.kind != paths[i].kind)
			fail_msg("%s: %d", paths[i].path, (int)put.kind);
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), sizeof(paths) / sizeof(*paths));
	client_free(c);
}

static void
batches_are_taken_at_three_paths(void **state)
{
	static const char *const paths[] = { "/v1/batch", "/v1/b", "/v1/import" };
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct fake_put put;

	for (size_t i = 0; i < 3; i++) {
		client_post(c, paths[i], "",
		    "{\"batch\":[{\"type\":\"track\"},{\"type\":\"page\"},{}],\"sentAt\":\"x\"}");
		client_expect(c, 200, NULL);
		ingest_outbox_last(w->outbox, &put);
		assert_int_equal(put.n_events, 3);
	}
	client_free(c);
}

static void
telemetry_is_answered_and_dropped(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/v1/m", "", "no JSON at all");
	client_expect(c, 200, &r);
	assert_string_equal(r.body, "{\"success\": true}");
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
	client_free(c);
}

static void
the_content_type_does_not_matter(void **state)
{
	static const char *const types[] = { "Content-Type: text/plain\r\n",
		"Content-Type: application/x-www-form-urlencoded\r\n", "Content-Type: \r\n", "" };
	struct world *w = *state;
	struct client *c = client_new(w, 0);

	for (size_t i = 0; i < 4; i++) {
		client_post(c, "/v1/track", types[i], TRACK);
		client_expect(c, 200, NULL);
	}
	client_free(c);
}

static void
an_unknown_content_encoding_is_refused(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/v1/track", "Content-Encoding: br\r\n", TRACK);
	client_expect(c, 415, &r);
	assert_non_null(strstr(r.body, "\"code\":\"unsupported_encoding\""));
	client_post(c, "/v1/track", "Content-Encoding: identity\r\n", TRACK);
	client_expect(c, 200, NULL);
	client_free(c);
}

static void
broken_bodies_are_refused_and_the_connection_stays(void **state)
{
	static const char *const bodies[] = { "", "{", "[]", "\"text\"", "{\"a\":}", "nothing" };
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		client_post(c, "/v1/track", "", bodies[i]);
		client_expect(c, 400, &r);
		assert_non_null(strstr(r.body, "{\"success\":false,\"code\":\""));
		assert_non_null(strstr(r.body, "\"message\":\""));
		assert_non_null(strstr(r.body, "\"error\":\""));
		response_has_not(&r, "Connection:");
	}
	client_post(c, "/v1/batch", "", "{\"batch\":[]}");
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "\"code\":\"empty_batch\""));
	client_post(c, "/v1/track", "", TRACK);
	client_expect(c, 200, NULL);
	assert_int_equal(ingest_outbox_given_back(w->outbox), 1);
	client_free(c);
}

static void
unknown_paths_and_methods_are_told(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/v1/tracks", "", TRACK);
	client_expect(c, 404, &r);
	assert_non_null(strstr(r.body, "\"code\":\"not_found\""));
	client_post(c, "/v1/track/x", "", TRACK);
	client_expect(c, 404, NULL);
	client_post(c, "/v1/TRACK", "", TRACK);
	client_expect(c, 404, NULL);
	client_send(c, "GET /v1/track HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 405, &r);
	response_has(&r, "Allow: POST, OPTIONS");
	client_send(c, "BREW /v1/track HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 405, NULL);
	client_post(c, "/healthz", "", "");
	client_expect(c, 405, &r);
	response_has(&r, "Allow: GET, HEAD");
	client_send(c, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 404, NULL);
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
	client_free(c);
}

static void
health_follows_the_outbox(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r = { .status = -1 };

	client_send(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 200, NULL);
	client_send(c, "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_answer(c, &r);
	assert_int_equal(r.status, 200);
	response_has(&r, "Content-Length: 17");
	ingest_outbox_set_health(w->outbox, OUTBOX_FULL, "no space: \"free\" some");
	client_send(c, "GET /healthz?x HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 503, &r);
	assert_non_null(strstr(r.body, "\"message\":\"no space: \\\"free\\\" some\""));
	assert_non_null(strstr(r.body, "storage_full"));
	ingest_outbox_set_health(w->outbox, OUTBOX_FAILED, "the disk failed");
	client_send(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 503, &r);
	assert_non_null(strstr(r.body, "storage_failed"));
	assert_non_null(strstr(r.body, "the disk failed"));
	client_free(c);
}

static void
what_cannot_be_stored_is_told_with_a_time(void **state)
{
	static const struct {
		enum err_code code;
		const char *retry_after;
	} failures[] = {
		{ ERR_FULL, "Retry-After: 30" },
		{ ERR_BUSY, "Retry-After: 5" },
		{ ERR_IO, "Retry-After: 5" },
	};
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	for (size_t i = 0; i < 3; i++) {
		ingest_outbox_fail(w->outbox, failures[i].code);
		client_post(c, "/v1/track", "", TRACK);
		client_expect(c, 503, &r);
		response_has(&r, failures[i].retry_after);
		assert_non_null(strstr(r.body, "{\"success\":false,\"code\":\"storage_"));
	}
	ingest_outbox_fail(w->outbox, ERR_NONE);
	ingest_outbox_refuse(w->outbox, true);
	client_post(c, "/v1/track", "", TRACK);
	client_expect(c, 503, &r);
	response_has(&r, "Retry-After: 1");
	ingest_outbox_refuse(w->outbox, false);
	client_post(c, "/v1/track", "", TRACK);
	client_expect(c, 200, NULL);
	client_free(c);
}

/* ---- keys and origins ------------------------------------------------------------------------ */

static void
keys_are_found_in_three_places(void **state)
{
	static const struct {
		const char *path, *headers, *body;
		int status;
		int64_t site_id;
	} cases[] = {
		{ "/v1/track", "Authorization: Basic YmV0YTo=\r\n", "{}", 200, 8 },
		{ "/v1/track", "", "{\"writeKey\":\"alpha2\"}", 200, 7 },
		{ "/v1/track?writeKey=beta", "", "{}", 200, 8 },
		{ "/v1/batch", "", "{\"batch\":[{}],\"writeKey\":\"beta\"}", 200, 8 },
		/* of several keys the first counts: Basic, query, body */
		{ "/v1/track?writeKey=beta", "Authorization: Basic YWxwaGE6\r\n",
		    "{\"writeKey\":\"beta\"}", 200, 7 },
		{ "/v1/track?writeKey=beta", "Authorization: Basic Og==\r\n", "{}", 200, 8 },
		{ "/v1/track", "Authorization: Bearer x\r\n", "{\"writeKey\":\"beta\"}", 200, 8 },
		{ "/v1/track", "Authorization: Basic b3RoZXI6\r\n", "{\"writeKey\":\"beta\"}", 401,
		    0 },
		{ "/v1/track?writeKey=other", "", "{\"writeKey\":\"beta\"}", 401, 0 },
		{ "/v1/track", "", "{\"writeKey\":\"other\"}", 401, 0 },
		{ "/v1/track", "", "{\"writeKey\":7}", 401, 0 },
		{ "/v1/track", "", "{}", 401, 0 },
	};
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;
	struct fake_put put;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		client_post(c, cases[i].path, cases[i].headers, cases[i].body);
		client_expect(c, cases[i].status, &r);
		ingest_outbox_last(w->outbox, &put);
		if (cases[i].status == 200)
			assert_int_equal(put.site_id, cases[i].site_id);
		else
			assert_non_null(strstr(r.body, "\"code\":\"invalid_write_key\""));
	}
	assert_int_equal(ingest_outbox_given_back(w->outbox), 7);
	client_free(c);
}

static void
a_known_key_is_good_from_any_origin(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/v1/t?writeKey=beta", "Origin: https://shop.example\r\n", "{}");
	client_expect(c, 200, &r);
	assert_string_equal(r.body, "{\"success\": true}");
	response_has(&r, "Access-Control-Allow-Origin: https://shop.example");
	response_has(&r, "Access-Control-Expose-Headers: Retry-After");
	response_has(&r, "Vary: Origin");
	response_has_not(&r, "Access-Control-Allow-Methods");
	client_post(c, "/v1/t?writeKey=no", "Origin: https://shop.example\r\n", "{}");
	client_expect(c, 401, &r);
	response_has_not(&r, "WWW-Authenticate");
	/* the origin of one request does not carry over to the next */
	client_post(c, "/v1/t?writeKey=beta", "", "{}");
	client_expect(c, 200, &r);
	response_has_not(&r, "Access-Control");
	client_free(c);
}

static void
without_keys_only_listed_origins_may_post(void **state)
{
	static const char *const origins[] = { "https://shop.example" };
	const struct ingest_site_options site = {
		.site_id = 1, .name = "main", .allow_origins = origins, .n_allow_origins = 1
	};
	struct world *w = world_new();
	struct client *c;
	struct response r;

	(void)state;
	w->o.sites = &site;
	world_open(w);
	c = client_new(w, 0);
	client_post(c, "/v1/track", "Origin: https://evil.example\r\n", "{}");
	client_expect(c, 403, &r);
	assert_non_null(strstr(r.body, "\"code\":\"origin_not_allowed\""));
	response_has_not(&r, "Access-Control");
	client_post(c, "/v1/track", "Origin:\r\n", "{}");
	client_expect(c, 403, NULL);
	assert_int_equal(ingest_outbox_given_back(w->outbox), 0);
	client_post(c, "/v1/track", "Origin: https://shop.example\r\n", "{}");
	client_expect(c, 200, &r);
	response_has(&r, "Access-Control-Allow-Origin: https://shop.example");
	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 200, NULL);
	client_send(c, "OPTIONS /v1/t HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n\r\n");
	client_expect(c, 403, &r);
	response_has_not(&r, "Access-Control");
	client_free(c);
	world_free(w);
}

static void
browsers_may_ask_before_they_post(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_send(c, "OPTIONS /v1/t HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n"
		       "Access-Control-Request-Method: POST\r\n\r\n");
	client_expect(c, 204, &r);
	response_has(&r, "Access-Control-Allow-Origin: https://shop.example");
	response_has(
	    &r, "Access-Control-Allow-Headers: authorization, content-type, x-retry-count");
	response_has(&r, "Access-Control-Allow-Methods: POST, OPTIONS");
	response_has(&r, "Access-Control-Max-Age: 86400");
	response_has_not(&r, "Private-Network");
	client_send(c, "OPTIONS //v1/t HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n"
		       "Access-Control-Request-Headers: Baggage,sentry-trace\r\n"
		       "Access-Control-Request-Private-Network: true\r\n\r\n");
	client_expect(c, 204, &r);
	response_has(&r,
	    "Access-Control-Allow-Headers: authorization, content-type, x-retry-count, "
	    "baggage, sentry-trace");
	response_has(&r, "Access-Control-Allow-Private-Network: true");
	response_has_not(&r, "Content-Length");
	client_send(c, "OPTIONS /v1/batch HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(c, 204, &r);
	response_has_not(&r, "Access-Control");
	client_free(c);
}

int
main(void)
{
#define PLAIN(test) cmocka_unit_test_setup_teardown(test, start, end)
#define KEYED(test) cmocka_unit_test_setup_teardown(test, start_with_keys, end)
	const struct CMUnitTest tests[] = {
		PLAIN(the_answer_comes_after_the_commit),
		PLAIN(every_path_has_its_kind),
		PLAIN(batches_are_taken_at_three_paths),
		PLAIN(telemetry_is_answered_and_dropped),
		PLAIN(the_content_type_does_not_matter),
		PLAIN(an_unknown_content_encoding_is_refused),
		PLAIN(broken_bodies_are_refused_and_the_connection_stays),
		PLAIN(unknown_paths_and_methods_are_told),
		PLAIN(health_follows_the_outbox),
		PLAIN(what_cannot_be_stored_is_told_with_a_time),
		KEYED(keys_are_found_in_three_places),
		KEYED(a_known_key_is_good_from_any_origin),
		cmocka_unit_test(without_keys_only_listed_origins_may_post),
		KEYED(browsers_may_ask_before_they_post),
	};

	return cmocka_run_group_tests_name("ingest", tests, NULL, NULL);
}
