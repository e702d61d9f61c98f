/* ingest: signed posts of Segment's webhook destination. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "unit/ingest/ingest_world.h"

#define EVENT "{\"type\":\"track\",\"event\":\"x\",\"email\":\"a@b.c\",\"n\":1.10}"
#define DELETE "{\"type\":\"delete\",\"userId\":\"u\"}"

/* Made by another implementation of HMAC-SHA1: EVENT under "one" and under "two", "[" EVENT ","
 * DELETE "]" and " " EVENT "\n" under "one". */
#define ONES "X-Signature: 07c7fcd004575c02204ebf115b4c80478bb2b35e\r\n"
#define TWOS "X-Signature: aa7378d6cccd983b2371487af9ad5819ab3eafed\r\n"
#define WHOLE_ARRAY "X-Signature: 40857b5e7092d4e5c0510379f94a96e3ef7c2baf\r\n"
#define WITH_SPACE "X-Signature: f903b0d48247f1e7e116772b6e0001410ab77c1a\r\n"
#define BASIC_A "Authorization: Basic YWxwaGE6\r\n"
#define BASIC_B "Authorization: Basic YmV0YTo=\r\n"
#define BASIC_C "Authorization: Basic Z2FtbWE6\r\n"

static const char *const keys_a[] = { "alpha" };
static const char *const keys_b[] = { "beta" };
static const char *const keys_c[] = { "gamma" };
static const struct ingest_site_options three_sites[] = {
	{ .site_id = 7,
	    .name = "a",
	    .write_keys = keys_a,
	    .n_write_keys = 1,
	    .webhook_secret = "one" },
	{ .site_id = 8,
	    .name = "b",
	    .write_keys = keys_b,
	    .n_write_keys = 1,
	    .webhook_secret = "two" },
	{ .site_id = 9,
	    .name = "c",
	    .write_keys = keys_c,
	    .n_write_keys = 1,
	    .webhook_secret = "" },
};

static int
start(void **state)
{
	struct world *w = world_new();

	w->o.sites = three_sites;
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

struct post {
	const char *path, *headers, *body;
	int64_t site_id;  /* 0: refused */
	const char *code; /* then */
};

static void
check(struct world *w, const struct post *posts, size_t n)
{
	struct client *c = client_new(w, 0);

	for (size_t i = 0; i < n; i++) {
		unsigned before = ingest_outbox_given_back(w->outbox);
		struct fake_put put;
		struct response r;

		client_post(c, posts[i].path, posts[i].headers, posts[i].body);
		client_expect(c, posts[i].site_id != 0 ? 200 : 401, &r);
		if (posts[i].site_id == 0) {
			if (strstr(r.body, posts[i].code) == NULL)
				fail_msg("%s %s%s: %s", posts[i].path, posts[i].headers,
				    posts[i].body, r.body);
			assert_int_equal(ingest_outbox_given_back(w->outbox), before);
			continue;
		}
		ingest_outbox_last(w->outbox, &put);
		if (put.site_id != posts[i].site_id)
			fail_msg("%s %s%s: site %d", posts[i].path, posts[i].headers, posts[i].body,
			    (int)put.site_id);
	}
	client_free(c);
}

static void
the_signature_decides_who_posts(void **state)
{
	static const struct post posts[] = {
		{ "/v1/webhook", ONES, EVENT, 7, NULL },
		{ "/v1/webhook", TWOS, EVENT, 8, NULL },
		/* in an array the first element is signed, at any position */
		{ "/v1/webhook", ONES, "[" EVENT "," DELETE "]", 7, NULL },
		{ "/v1/webhook", TWOS, " [ " EVENT " , " DELETE " ] ", 8, NULL },
		{ "/v1/webhook", ONES, "[" EVENT "]", 7, NULL },
		{ "/v1/webhook", ONES, "[" DELETE "," EVENT "]", 0, "invalid_signature" },
		{ "/v1/webhook", WHOLE_ARRAY, "[" EVENT "," DELETE "]", 0, "invalid_signature" },
		/* for a single event the whole body is signed */
		{ "/v1/webhook", WITH_SPACE, " " EVENT "\n", 7, NULL },
		{ "/v1/webhook", ONES, " " EVENT "\n", 0, "invalid_signature" },
		{ "/v1/webhook", ONES, DELETE, 0, "invalid_signature" },
		/* a writeKey in the event belongs to the source in Segment */
		{ "/v1/webhook", "", "{\"writeKey\":\"gamma\"}", 0, "invalid_signature" },
		{ "/v1/webhook", "", EVENT, 0, "invalid_signature" },
		{ "/v1/webhook", "X-Signature: what\r\n", EVENT, 0, "invalid_signature" },
		/* on other paths a signature has no effect */
		{ "/v1/track", ONES, EVENT, 0, "invalid_write_key" },
		{ "/v1/batch", ONES, "{\"batch\":[" EVENT "]}", 0, "invalid_write_key" },
	};

	check(*state, posts, sizeof(posts) / sizeof(*posts));
}

static void
a_key_decides_the_site_and_its_secret_is_asked_for(void **state)
{
	static const struct post posts[] = {
		{ "/v1/webhook", BASIC_A ONES, EVENT, 7, NULL },
		{ "/v1/webhook?writeKey=alpha", ONES, EVENT, 7, NULL },
		{ "/v1/webhook?writeKey=beta", ONES, EVENT, 0, "invalid_signature" },
		{ "/v1/webhook", BASIC_B ONES, EVENT, 0, "invalid_signature" },
		{ "/v1/webhook", BASIC_B, EVENT, 0, "invalid_signature" },
		{ "/v1/webhook?writeKey=alpha", "", "[" EVENT "]", 0, "invalid_signature" },
		{ "/v1/webhook?writeKey=other", ONES, EVENT, 0, "invalid_write_key" },
		/* a site without a secret needs its key, as everywhere */
		{ "/v1/webhook", BASIC_C, EVENT, 9, NULL },
		{ "/v1/webhook?writeKey=gamma", "", "[" EVENT "," DELETE "]", 9, NULL },
		{ "/v1/webhook?writeKey=gamma", ONES, EVENT, 9, NULL },
		/* and other paths need no signature */
		{ "/v1/track", BASIC_A, EVENT, 7, NULL },
	};

	check(*state, posts, sizeof(posts) / sizeof(*posts));
}

static void
an_open_site_with_a_secret_takes_signed_posts_only(void **state)
{
	static const struct ingest_site_options site = {
		.site_id = 3, .name = "main", .webhook_secret = "one"
	};
	static const struct post posts[] = {
		{ "/v1/webhook", ONES, EVENT, 3, NULL },
		{ "/v1/webhook", TWOS, EVENT, 0, "invalid_signature" },
		{ "/v1/webhook", "", EVENT, 0, "invalid_signature" },
		{ "/v1/track", "", EVENT, 3, NULL },
	};
	struct world *w = world_new();

	(void)state;
	w->o.sites = &site;
	world_open(w);
	check(w, posts, sizeof(posts) / sizeof(*posts));
	world_free(w);
}

static void
without_secret_and_key_it_is_open_on_this_machine(void **state)
{
	static const struct post posts[] = {
		{ "/v1/webhook", "", EVENT, 1, NULL },
		{ "/v1/webhook", ONES, "[" EVENT "," DELETE "]", 1, NULL },
	};
	struct world *w = world_start(false);

	(void)state;
	check(w, posts, sizeof(posts) / sizeof(*posts));
	world_free(w);
}

/* A change takes effect from the next request on, or not at all. */
static void
secrets_can_be_renewed(void **state)
{
	static const struct post before[] = { { "/v1/webhook", ONES, EVENT, 7, NULL } };
	static const struct post after[] = {
		{ "/v1/webhook", ONES, EVENT, 0, "invalid_signature" },
		{ "/v1/webhook", TWOS, EVENT, 7, NULL },
	};
	struct ingest_site_options sites[3];
	struct world *w = *state;
	struct err e;

	memcpy(sites, three_sites, sizeof(sites));
	sites[0].webhook_secret = "two";
	assert_int_equal(ingest_reload_sites(w->ingest, sites, 3, &e), -1);
	check(w, before, 1);
	sites[1].webhook_secret = "three";
	assert_int_equal(ingest_reload_sites(w->ingest, sites, 3, &e), 0);
	check(w, after, 2);
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
		T(the_signature_decides_who_posts),
		T(a_key_decides_the_site_and_its_secret_is_asked_for),
		cmocka_unit_test(an_open_site_with_a_secret_takes_signed_posts_only),
		cmocka_unit_test(without_secret_and_key_it_is_open_on_this_machine),
		T(secrets_can_be_renewed),
	};

	return cmocka_run_group_tests_name("ingest webhook", tests, NULL, NULL);
}
