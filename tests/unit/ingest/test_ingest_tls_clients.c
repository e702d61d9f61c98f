/* ingest: clients that prove their names with a certificate. */
#include "unit/ingest/tls_client.h"

#include "lib/unit.h"

#include <string.h>

static const char *const keys_a[] = { "alpha" };
static const char *const names_a[] = { "box-a.example" };
static const char *const names_b[] = { "box-b.example", "spiffe://shop/b" };
static const char *const origins[] = { "https://shop.example" };
/* The second site has no keys. */
static const struct ingest_site_options sites[] = {
	{ .site_id = 7,
	    .name = "a",
	    .write_keys = keys_a,
	    .n_write_keys = 1,
	    .client_names = names_a,
	    .n_client_names = 1,
	    .allow_origins = origins,
	    .n_allow_origins = 1,
	    .site_uuid = "uuid-a",
	    .publishable_key = "p",
	    .secret_key = "s" },
	{ .site_id = 8,
	    .name = "b",
	    .client_names = names_b,
	    .n_client_names = 2,
	    .webhook_secret = "hook" },
};

static int
start(void **state)
{
	struct tls_world *t = tls_world_new();

	t->w->o.sites = sites;
	t->w->o.n_sites = 2;
	tls_world_open(t, true);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	tls_world_free(*state);
	return 0;
}

struct post {
	const char *names; /* in the client's certificate */
	const char *path, *headers, *body;
	int status;
	int64_t site_id;  /* with status 200 */
	const char *code; /* otherwise */
};

static void
try(struct tls_world *t, const struct post *p)
{
	struct client *c = tls_client_new(t, p->names);
	struct fake_put put;
	struct response r;

	client_post(c, p->path, p->headers, p->body);
	client_expect(c, p->status, &r);
	if (p->status == 200) {
		ingest_outbox_last(t->w->outbox, &put);
		assert_int_equal(put.site_id, p->site_id);
	} else if (strstr(r.body, p->code) == NULL) {
		fail_msg("%s expected: %s", p->code, r.body);
	}
	tls_client_free(c);
}

#define KEY_A "X-Write-Key: alpha\r\n"
#define ORIGIN(host) "Origin: https://" host "\r\n"

static void
a_name_decides_the_site_without_a_key(void **state)
{
	static const struct post posts[] = {
		{ "DNS:box-a.example", "/v1/track", "", "{}", 200, 7, NULL },
		{ "DNS:Box-B.Example", "/v1/track", "", "{}", 200, 8, NULL },
		{ "DNS:unknown,URI:spiffe://shop/b", "/v1/batch", "", "{\"batch\":[{}]}", 200, 8,
		    NULL },
		{ "DNS:unknown", "/v1/track", "", "{}", 401, 0, "invalid_write_key" },
		{ "DNS:box-a.example,DNS:box-b.example", "/v1/track", "", "{}", 401, 0,
		    "invalid_write_key" },
	};

	for (size_t i = 0; i < sizeof(posts) / sizeof(*posts); i++)
		try(*state, &posts[i]);
}

static void
keys_count_too_and_must_agree(void **state)
{
	static const struct post posts[] = {
		{ "DNS:unknown", "/v1/track", KEY_A, "{}", 200, 7, NULL },
		{ "DNS:unknown", "/v1/track", "", "{\"writeKey\":\"alpha\"}", 200, 7, NULL },
		{ "DNS:box-a.example", "/v1/track", KEY_A, "{}", 200, 7, NULL },
		{ "DNS:box-b.example", "/v1/track", KEY_A, "{}", 401, 0, "invalid_client_name" },
		{ "DNS:box-b.example", "/v1/track", "", "{\"writeKey\":\"alpha\"}", 401, 0,
		    "invalid_client_name" },
		{ "DNS:box-a.example,DNS:box-b.example", "/v1/track", KEY_A, "{}", 401, 0,
		    "invalid_client_name" },
		/* a key that is wrong stays wrong */
		{ "DNS:box-a.example", "/v1/track", "X-Write-Key: beta\r\n", "{}", 401, 0,
		    "invalid_write_key" },
		{ "DNS:box-a.example", "/v1/track", "", "{\"writeKey\":\"beta\"}", 401, 0,
		    "invalid_write_key" },
	};

	for (size_t i = 0; i < sizeof(posts) / sizeof(*posts); i++)
		try(*state, &posts[i]);
}

static void
bento_keys_must_agree(void **state)
{
	static const char body[] = "{\"events\":[{\"type\":\"x\",\"email\":\"a@example.com\"}]}";
	static const char path[] = "/api/v1/batch/events?site_uuid=uuid-a";
	static const char keys[] = "Authorization: Basic cDpz\r\n";
	const struct post good = { "DNS:box-a.example", path, keys, body, 200, 7, NULL };
	const struct post bad = { "DNS:box-b.example", path, keys, body, 401, 0, "another site" };

	try(*state, &good);
	try(*state, &bad);
}

static void
webhooks_are_still_signed(void **state)
{
	const struct post named = { "DNS:box-a.example", "/v1/webhook", "", "{}", 200, 7, NULL };
	const struct post unsigned_ = { "DNS:box-b.example", "/v1/webhook", "", "{}", 401, 0,
		"invalid_signature" };

	try(*state, &named);
	try(*state, &unsigned_);
}

/* A browser would show its certificate for every page. */
static void
a_page_must_be_listed(void **state)
{
	static const struct post posts[] = {
		{ "DNS:box-a.example", "/v1/track", ORIGIN("shop.example"), "{}", 200, 7, NULL },
		{ "DNS:box-a.example", "/v1/track", ORIGIN("other.example"), "{}", 403, 0,
		    "origin_not_allowed" },
		{ "DNS:box-a.example", "/v1/track", ORIGIN("other.example") KEY_A, "{}", 200, 7,
		    NULL },
	};

	for (size_t i = 0; i < sizeof(posts) / sizeof(*posts); i++)
		try(*state, &posts[i]);
}

static void
without_tls_nobody_has_a_name(void **state)
{
	struct tls_world *t = *state;
	struct client *c = client_new(t->w, 1);

	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 401, NULL);
	client_post(c, "/v1/track", KEY_A, "{}");
	client_expect(c, 200, NULL);
	client_free(c);
}

static void
one_site_with_names_is_not_open(void **state)
{
	struct tls_world *t = tls_world_new();
	struct client *c;

	t->w->o.sites = &sites[1];
	tls_world_open(t, true);
	c = client_new(t->w, 1);
	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 401, NULL);
	client_post(c, "/v1/track", KEY_A, "{}");
	client_expect(c, 401, NULL);
	client_free(c);
	try(t, &(struct post){ "DNS:box-b.example", "/v1/track", "", "{}", 200, 8, NULL });
	tls_world_free(t);
	(void)state;
}

static void
a_reload_takes_a_name_away(void **state)
{
	struct tls_world *t = *state;
	struct client *c = tls_client_new(t, "URI:spiffe://shop/b");
	struct ingest_site_options later[] = { sites[0], sites[1] };

	client_post(c, "/v1/track", "", "{}");
	client_expect(c, 200, NULL);
	later[1].n_client_names = 1;
	assert_int_equal(ingest_reload_sites(t->w->ingest, later, 2, NULL), 0);
	client_post(c, "/v1/track", "", "{}"); /* on the same connection */
	client_expect(c, 401, NULL);
	tls_client_free(c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_decides_the_site_without_a_key),
		TEST(keys_count_too_and_must_agree),
		TEST(bento_keys_must_agree),
		TEST(webhooks_are_still_signed),
		TEST(a_page_must_be_listed),
		TEST(without_tls_nobody_has_a_name),
		cmocka_unit_test(one_site_with_names_is_not_open),
		TEST(a_reload_takes_a_name_away),
	};

	return cmocka_run_group_tests_name("ingest: names of clients", tests, NULL, NULL);
}
