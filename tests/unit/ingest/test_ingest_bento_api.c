/* ingest: clients of Bento, on Bento's own paths. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "ingest/auth/bento_keys.h"
#include "unit/ingest/ingest_world.h"

#define EVENTS "/api/v1/batch/events"
#define GOOD "{\"type\":\"x\",\"email\":\"a@example.com\"}"
#define BAD "{\"type\":\"x\"}"
/* pub:sec, pub:other and long:sec */
#define PAIR "Authorization: Basic cHViOnNlYw==\r\n"
#define OTHER_PAIR "Authorization: Basic cHViOm90aGVy\r\n"
#define STRANGE_PAIR "Authorization: Basic bG9uZzpzZWM=\r\n"

static const char *const keys_a[] = { "alpha" };
static const char *const keys_b[] = { "beta" };
static const char *const keys_c[] = { "gamma" };
static const struct ingest_site_options sites[] = {
	{ .site_id = 7,
	    .name = "a",
	    .write_keys = keys_a,
	    .n_write_keys = 1,
	    .site_uuid = "u-a",
	    .publishable_key = "pub",
	    .secret_key = "sec" },
	{ .site_id = 8,
	    .name = "b",
	    .write_keys = keys_b,
	    .n_write_keys = 1,
	    .site_uuid = "u-b",
	    .publishable_key = "pub",
	    .secret_key = "other" },
	{ .site_id = 9,
	    .name = "c",
	    .write_keys = keys_c,
	    .n_write_keys = 1,
	    .site_uuid = "u-c",
	    .publishable_key = "pub",
	    .secret_key = "sec" },
};

static int
start(void **state)
{
	struct world *w = world_new();

	w->o.sites = sites;
	w->o.n_sites = 3;
	world_open(w);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	world_free(*state);
	return 0;
}

static void
it_is_answered_with_counts_after_the_commit(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct fake_put put;
	struct response r;

	ingest_outbox_hold(w->outbox, true);
	client_post(c, EVENTS "?site_uuid=u-a", PAIR, "{\"events\":[" GOOD "," BAD "," GOOD "]}");
	world_run_until_waiting(w, 1);
	client_expect_silence(c);
	ingest_outbox_release(w->outbox, 1);
	client_expect(c, 200, &r);
	assert_string_equal(r.body, "{\"results\":2,\"failed\":1}");
	response_has(&r, "Content-Type: application/json");
	ingest_outbox_last(w->outbox, &put);
	assert_int_equal(put.site_id, 7);
	assert_int_equal(put.n_events, 3);
	ingest_outbox_hold(w->outbox, false);
	/* the next request on the connection is in Segment's format */
	client_post(c, "/v1/track?writeKey=beta", "", "{\"event\":\"x\",\"email\":\"a@b.co\"}");
	client_expect(c, 200, &r);
	assert_string_equal(r.body, "{\"success\": true}");
	client_free(c);
}

static const struct {
	const char *query;
	const char *headers;
	const char *body;
	int64_t site_id; /* 0: 401 */
} senders[] = {
	/* the query, or the body, names the site */
	{ "?site_uuid=u-a", PAIR, "{\"events\":[" GOOD "]}", 7 },
	{ "?x=1&site_uuid=u%2da", PAIR, "{\"events\":[" GOOD "]}", 7 },
	{ "", PAIR, "{\"site_uuid\":\"u-a\",\"events\":[" GOOD "]}", 7 },
	{ "", PAIR, "{\"events\":[" GOOD "],\"site_uuid\":\"u-c\"}", 9 },
	{ "?site_uuid=u-b", OTHER_PAIR, "{\"events\":[" GOOD "]}", 8 },
	/* the query has priority over the body */
	{ "?site_uuid=u-c", PAIR, "{\"events\":[" GOOD "],\"site_uuid\":\"u-a\"}", 9 },
	/* the keys of another site */
	{ "?site_uuid=u-b", PAIR, "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-a", OTHER_PAIR, "{\"events\":[" GOOD "]}", 0 },
	{ "", OTHER_PAIR, "{\"events\":[" GOOD "],\"site_uuid\":\"u-a\"}", 0 },
	/* no site, an unknown site, a site that is not text */
	{ "", PAIR, "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-x", PAIR, "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-x", PAIR, "{\"events\":[" GOOD "],\"site_uuid\":\"u-a\"}", 0 },
	{ "", PAIR, "{\"events\":[" GOOD "],\"site_uuid\":7}", 0 },
	/* no keys, unknown keys, half of the keys, a write key */
	{ "?site_uuid=u-a", "", "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-a", STRANGE_PAIR, "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-a", "Authorization: Basic cHViOg==\r\n", "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-a", "Authorization: Basic cHVi\r\n", "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-a", "Authorization: Basic cHViOnNlYzo=\r\n", "{\"events\":[" GOOD "]}", 0 },
	{ "?site_uuid=u-a", "Authorization: Bearer cHViOnNlYw==\r\n", "{\"events\":[" GOOD "]}",
	    0 },
	{ "?site_uuid=u-a&writeKey=alpha", "", "{\"events\":[" GOOD "]}", 0 },
};

static void
keys_and_site_decide_whose_it_is(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(senders) / sizeof(*senders); i++) {
		struct client *c = client_new(w, 0);
		struct fake_put put;
		struct response r;
		char path[200];

		snprintf(path, sizeof(path), EVENTS "%s", senders[i].query);
		client_post(c, path, senders[i].headers, senders[i].body);
		client_answer(c, &r);
		if (r.status != (senders[i].site_id == 0 ? 401 : 200))
			fail_msg("%zu: %d %s", i, r.status, r.body);
		if (r.status == 401) {
			assert_memory_equal(r.body, "{\"error\":\"", 10);
		} else {
			ingest_outbox_last(w->outbox, &put);
			assert_int_equal(put.site_id, senders[i].site_id);
		}
		client_free(c);
	}
}

static void
errors_have_the_shape_of_bentos(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, EVENTS "?site_uuid=u-a", PAIR, "{\"events\":[]}");
	client_expect(c, 400, &r);
	assert_string_equal(r.body, "{\"error\":\"\\\"events\\\" is empty\"}");
	client_post(c, EVENTS "?site_uuid=u-a", PAIR, "{\"events\":[");
	client_expect(c, 400, &r);
	assert_memory_equal(r.body, "{\"error\":\"the body is not a JSON object", 36);
	client_post(c, "/api/v1/fetch/commands", PAIR, "{}");
	client_expect(c, 404, &r);
	assert_non_null(strstr(r.body, "Bento itself"));
	client_free(c);
	c = client_new(w, 0);
	ingest_outbox_fail(w->outbox, ERR_FULL);
	client_post(c, EVENTS "?site_uuid=u-a", PAIR, "{\"events\":[" GOOD "]}");
	client_expect(c, 503, &r);
	response_has(&r, "Retry-After: 30");
	assert_memory_equal(r.body, "{\"error\":\"", 10);
	client_free(c);
	c = client_new(w, 0);
	client_send(c, "GET " EVENTS " HTTP/1.1\r\nHost: x\r\n\r\n");
	client_expect(c, 405, &r);
	assert_memory_equal(r.body, "{\"error\":\"", 10);
	client_free(c);
}

static void
subscribers_have_a_path_of_their_own(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;

	client_post(c, "/api/v1/batch/subscribers", PAIR,
	    "{\"subscribers\":[{\"email\":\"a@b.co\"},{}],\"site_uuid\":\"u-a\"}");
	client_expect(c, 200, &r);
	assert_string_equal(r.body, "{\"results\":1,\"failed\":1}");
	client_post(
	    c, "/api/v1/batch/subscribers", PAIR, "{\"events\":[" GOOD "],\"site_uuid\":\"u-a\"}");
	client_expect(c, 400, &r);
	assert_non_null(strstr(r.body, "subscribers"));
	client_free(c);
}

/* A request authenticated with old keys is not stored for a site of the new keys. */
static void
keys_that_are_renewed_meanwhile_count(void **state)
{
	static const char body[] = "{\"site_uuid\":\"u-b\",\"events\":[" GOOD "]}";
	struct world *w = *state;
	struct client *c = client_new(w, 0);
	struct response r;
	char head[300];
	struct err e;

	snprintf(head, sizeof(head),
	    "POST " EVENTS " HTTP/1.1\r\nHost: x\r\n" PAIR "Content-Length: %zu\r\n\r\n",
	    strlen(body));
	client_send(c, head);
	world_run_a_while(w);
	assert_int_equal(ingest_reload_sites(w->ingest, &sites[1], 2, &e), 0);
	client_send(c, body);
	client_expect(c, 503, &r);
	client_free(c);
	c = client_new(w, 0);
	client_post(c, EVENTS "?site_uuid=u-a", PAIR, "{\"events\":[" GOOD "]}");
	client_expect(c, 401, &r);
	client_free(c);
}

/* A pair of keys of the largest size that is compared, and one byte more. */
static void
long_keys_are_compared_as_a_whole(void **state)
{
	char secret[BENTO_KEYS_MAX], other[BENTO_KEYS_MAX];
	struct ingest_site_options site = { .site_id = 1, .site_uuid = "u", .name = "x" };

	(void)state;
	for (size_t n = BENTO_KEYS_MAX - 3; n <= BENTO_KEYS_MAX - 1; n++) {
		struct ingest_site_options pair[2] = { site, site };
		struct bento_keys *keys;
		struct err e;
		int64_t id;

		memset(secret, 's', n);
		secret[n] = '\0';
		memcpy(other, secret, n + 1);
		other[n - 1] = 't';
		pair[0].publishable_key = pair[1].publishable_key = "p";
		pair[0].secret_key = secret;
		pair[1].secret_key = other;
		pair[1].site_id = 2;
		assert_int_equal(bento_keys_new(pair, 2, &keys, &e), 0);
		assert_false(bento_keys_find_site(keys, BENTO_KEYS_NOBODY, SLICE("u"), &id));
		/* two sites whose keys differ only in the last byte are two pairs */
		assert_int_equal(
		    bento_keys_find_site(keys, 1, SLICE("u"), &id), n + 2 <= BENTO_KEYS_MAX);
		bento_keys_free(keys);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_answered_with_counts_after_the_commit),
		TEST(keys_and_site_decide_whose_it_is),
		TEST(errors_have_the_shape_of_bentos),
		TEST(subscribers_have_a_path_of_their_own),
		TEST(keys_that_are_renewed_meanwhile_count),
		cmocka_unit_test(long_keys_are_compared_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
