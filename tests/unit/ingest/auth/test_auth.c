/* ingest/auth: write keys in their three places, and origins. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/secret/constant_time.h"
#include "ingest/auth/auth.h"
#include "ingest/ingest.h"

static const char *const keys_a[] = { "alpha", "alpha2" };
static const char *const keys_b[] = { "beta" };
static const char *const origins[] = { "https://shop.example", "null" };

static struct auth *
make_auth(const struct ingest_site_options *sites, size_t n)
{
	struct auth *a = NULL;
	struct err e;

	if (auth_new(sites, n, &a, &e) != 0)
		fail_msg("%s", e.text);
	return a;
}

static struct auth *
two_sites(void)
{
	const struct ingest_site_options sites[] = {
		{ .site_id = 7, .name = "a", .write_keys = keys_a, .n_write_keys = 2 },
		{ .site_id = INT64_C(1) << 40,
		    .name = "b",
		    .write_keys = keys_b,
		    .n_write_keys = 1 },
	};

	return make_auth(sites, 2);
}

static struct auth *
open_site(void)
{
	const struct ingest_site_options site = {
		.site_id = 3, .name = "a", .allow_origins = origins, .n_allow_origins = 2
	};

	return make_auth(&site, 1);
}

static void
the_write_key_decides_the_site(void **state)
{
	struct auth *a = two_sites();
	int64_t site = -1;

	(void)state;
	assert_int_equal(auth_key(a, SLICE("beta"), &site), AUTH_KNOWN);
	assert_int_equal(site, INT64_C(1) << 40);
	assert_int_equal(auth_key(a, SLICE("alpha2"), &site), AUTH_KNOWN);
	assert_int_equal(site, 7);
	site = -1;
	assert_int_equal(auth_key(a, SLICE("alph"), &site), AUTH_UNKNOWN);
	assert_int_equal(auth_key(a, SLICE("alphb"), &site), AUTH_UNKNOWN);
	assert_int_equal(auth_key(a, SLICE("alpha3"), &site), AUTH_UNKNOWN);
	assert_int_equal(auth_key(a, SLICE("ALPHA"), &site), AUTH_UNKNOWN);
	assert_int_equal(auth_key(a, SLICE("alpha\0"), &site), AUTH_UNKNOWN);
	assert_int_equal(auth_key(a, SLICE(""), &site), AUTH_ABSENT);
	assert_int_equal(auth_key(a, SLICE_NONE, &site), AUTH_ABSENT);
	assert_int_equal(site, -1);
	auth_free(a);
}

static void
equal_secrets_give_a_mask_of_ones(void **state)
{
	(void)state;
	assert_true(constant_time_equal("abc", "abc", 3) == UINT64_MAX);
	assert_true(constant_time_equal("abc", "abd", 3) == 0);
	assert_true(constant_time_equal("\xff\xff", "\x7f\xff", 2) == 0);
	assert_true(constant_time_equal("a", "b", 0) == UINT64_MAX);
}

static void
keys_are_compared_to_their_last_byte(void **state)
{
	char key[AUTH_KEY_MAX + 3];
	const char *const keys[] = { key };
	const struct ingest_site_options site = {
		.site_id = 1, .name = "a", .write_keys = keys, .n_write_keys = 1
	};
	struct auth *a;
	int64_t id;

	(void)state;
	memset(key, 'k', sizeof(key));
	key[AUTH_KEY_MAX] = '\0';
	a = make_auth(&site, 1);
	assert_int_equal(auth_key(a, slice_from(key), &id), AUTH_KNOWN);
	key[AUTH_KEY_MAX] = 'k';
	assert_int_equal(auth_key(a, (struct slice){ key, AUTH_KEY_MAX + 1 }, &id), AUTH_UNKNOWN);
	for (size_t i = 0; i < AUTH_KEY_MAX; i++) {
		key[i] ^= 1;
		assert_int_equal(
		    auth_key(a, (struct slice){ key, AUTH_KEY_MAX }, &id), AUTH_UNKNOWN);
		key[i] ^= 1;
	}
	auth_free(a);
}

static void
basic_credentials_are_read_strictly(void **state)
{
	static const struct {
		const char *header;
		enum auth_result result;
	} cases[] = {
		{ "Basic YWxwaGE6", AUTH_KNOWN }, /* alpha: */
		{ "basic   YWxwaGE6", AUTH_KNOWN },
		{ "Basic YWxwaGE6cGFzczp3b3Jk", AUTH_KNOWN }, /* alpha:pass:word */
		{ "Basic YWxwaGEyOg==", AUTH_KNOWN },         /* alpha2: */
		{ "Basic YWxwaGEyOg=", AUTH_UNKNOWN },
		{ "Basic YWxwaGEyOg", AUTH_UNKNOWN },
		{ "Basic YWxwaGE=", AUTH_UNKNOWN }, /* alpha without a colon */
		{ "Basic YWxw!GE6", AUTH_UNKNOWN },
		{ "Basic YWxw=GE6", AUTH_UNKNOWN },
		{ "Basic ====", AUTH_UNKNOWN },
		{ "Basic YWxwaGE6 ", AUTH_UNKNOWN },
		{ "Basic b3RoZXI6", AUTH_UNKNOWN }, /* other: */
		{ "Basic OnBhc3M=", AUTH_ABSENT },  /* :pass */
		{ "Basic ", AUTH_UNKNOWN },
		{ "Basic", AUTH_ABSENT },
		{ "Bearer YWxwaGE6", AUTH_ABSENT },
		{ "", AUTH_ABSENT },
	};
	struct auth *a = two_sites();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t site = -1;

		if (auth_basic(a, slice_from(cases[i].header), &site) != cases[i].result)
			fail_msg("%s", cases[i].header);
		assert_int_equal(site, cases[i].result == AUTH_KNOWN ? 7 : -1);
	}
	assert_int_equal(auth_basic(a, SLICE_NONE, &(int64_t){ 0 }), AUTH_ABSENT);
	auth_free(a);
}

static void
long_credentials_are_unknown(void **state)
{
	char header[4096] = "Basic ";
	struct auth *a = two_sites();
	int64_t site;

	(void)state;
	memset(header + 6, 'A', sizeof(header) - 6);
	for (size_t n = 6; n <= sizeof(header); n += 2)
		assert_int_equal(auth_basic(a, (struct slice){ header, n }, &site), AUTH_UNKNOWN);
	auth_free(a);
}

static void
the_query_may_carry_the_key(void **state)
{
	static const struct {
		const char *query;
		enum auth_result result;
	} cases[] = {
		{ "writeKey=beta", AUTH_KNOWN },
		{ "a=b&writeKey=beta&c", AUTH_KNOWN },
		{ "&&writeKey=b%65t%61", AUTH_KNOWN },
		{ "writeKey=bet%6", AUTH_UNKNOWN },
		{ "writeKey=beta%", AUTH_UNKNOWN },
		{ "writeKey=beta%00", AUTH_UNKNOWN },
		{ "writeKey=other&writeKey=beta", AUTH_UNKNOWN },
		{ "writeKey=", AUTH_ABSENT },
		{ "writeKey", AUTH_ABSENT },
		{ "xwriteKey=beta", AUTH_ABSENT },
		{ "writekey=beta", AUTH_ABSENT },
		{ "a=writeKey=beta", AUTH_ABSENT },
		{ "", AUTH_ABSENT },
	};
	struct auth *a = two_sites();
	int64_t site;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (auth_query(a, slice_from(cases[i].query), &site) != cases[i].result)
			fail_msg("%s", cases[i].query);
	assert_int_equal(auth_query(a, SLICE_NONE, &site), AUTH_ABSENT);
	auth_free(a);
}

static void
without_keys_every_key_is_known(void **state)
{
	struct auth *a = open_site();
	int64_t site = -1;

	(void)state;
	assert_int_equal(auth_basic(a, SLICE("Basic !"), &site), AUTH_KNOWN);
	assert_int_equal(site, 3);
	assert_int_equal(auth_query(a, SLICE_NONE, &site), AUTH_KNOWN);
	assert_int_equal(auth_key(a, SLICE("any"), &site), AUTH_KNOWN);
	auth_free(a);
}

static void
without_keys_origins_must_be_listed(void **state)
{
	struct auth *a = open_site();
	char longest[AUTH_ORIGIN_MAX + 1];

	(void)state;
	assert_true(auth_origin(a, SLICE("https://shop.example")));
	assert_true(auth_origin(a, SLICE("null")));
	assert_false(auth_origin(a, SLICE("https://shop.example.evil")));
	assert_false(auth_origin(a, SLICE("https://shop.exampl")));
	assert_false(auth_origin(a, SLICE("http://shop.example")));
	assert_false(auth_origin(a, SLICE("")));
	auth_free(a);
	/* if write keys are configured, the key decides */
	a = two_sites();
	assert_true(auth_origin(a, SLICE("https://anywhere.example")));
	memset(longest, 'o', sizeof(longest));
	assert_true(auth_origin(a, (struct slice){ longest, AUTH_ORIGIN_MAX }));
	assert_false(auth_origin(a, (struct slice){ longest, AUTH_ORIGIN_MAX + 1 }));
	auth_free(a);
}

static void
assert_refused(const struct ingest_site_options *sites, size_t n, const char *why)
{
	struct auth *a;
	struct err e;

	assert_int_equal(auth_new(sites, n, &a, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s", e.text);
}

static void
doubtful_keys_are_refused_at_the_start(void **state)
{
	static const char *const empty[] = { "" };
	char text[AUTH_KEY_MAX + 2];
	const char *const too_long[] = { text };
	struct ingest_site_options sites[] = {
		{ .site_id = 1, .name = "a", .write_keys = keys_a, .n_write_keys = 2 },
		{ .site_id = 2, .name = "b" },
	};

	(void)state;
	assert_refused(sites, 2, "site \"b\" has no write_keys");
	sites[1].write_keys = keys_a;
	sites[1].n_write_keys = 1;
	assert_refused(sites, 2, "belongs to another site");
	sites[1].write_keys = empty;
	assert_refused(sites, 2, "0 bytes");
	memset(text, 'k', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	sites[1].write_keys = too_long;
	assert_refused(sites, 2, "249 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_write_key_decides_the_site),
		cmocka_unit_test(equal_secrets_give_a_mask_of_ones),
		cmocka_unit_test(keys_are_compared_to_their_last_byte),
		cmocka_unit_test(basic_credentials_are_read_strictly),
		cmocka_unit_test(long_credentials_are_unknown),
		cmocka_unit_test(the_query_may_carry_the_key),
		cmocka_unit_test(without_keys_every_key_is_known),
		cmocka_unit_test(without_keys_origins_must_be_listed),
		cmocka_unit_test(doubtful_keys_are_refused_at_the_start),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
