/* ingest/auth/signature and webhook: who signed a post, and for which site. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "ingest/auth/webhook.h"
#include "ingest/ingest.h"

static void
signatures_are_those_of_the_standard(void **state)
{
	/* test vectors of RFC 2202, section 3 */
	static const struct {
		const char *key, *text, *hex;
	} vectors[] = {
		{ "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		  "\x0b",
		    "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ "Jefe", "what do ya want for nothing?",
		    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slice text = slice_from(vectors[i].text);
		unsigned char signature[SIGNATURE_SIZE];

		assert_int_equal(signature_parse(slice_from(vectors[i].hex), signature), 0);
		assert_true(signature_fits(vectors[i].key, text, signature));
		assert_false(signature_fits("other", text, signature));
		text.n--;
		assert_false(signature_fits(vectors[i].key, text, signature));
		text.n++;
		for (size_t k = 0; k < SIGNATURE_SIZE; k++) {
			signature[k] ^= 1;
			assert_false(signature_fits(vectors[i].key, text, signature));
			signature[k] ^= 1;
		}
	}
}

static void
a_signature_is_forty_hexadecimal_digits(void **state)
{
	static const char *const none[] = { "", "00", "b617318655057264e28bc0b6fb378c8ef146be0",
		"b617318655057264e28bc0b6fb378c8ef146be000",
		"b617318655057264e28bc0b6fb378c8ef146be0g",
		"sha1=b617318655057264e28bc0b6fb378c8ef14",
		" 617318655057264e28bc0b6fb378c8ef146be00" };
	unsigned char lower[SIGNATURE_SIZE], upper[SIGNATURE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_int_equal(signature_parse(slice_from(none[i]), lower), -1);
	assert_int_equal(signature_parse(SLICE_NONE, lower), -1);
	assert_int_equal(
	    signature_parse(SLICE("b617318655057264e28bc0b6fb378c8ef146be00"), lower), 0);
	assert_int_equal(
	    signature_parse(SLICE("B617318655057264E28BC0B6FB378C8EF146BE00"), upper), 0);
	assert_memory_equal(lower, upper, SIGNATURE_SIZE);
	assert_int_equal(lower[0], 0xb6);
	assert_int_equal(lower[19], 0);
}

/* HMAC-SHA1 of "{}" under the secrets "one" and "two". */
static const struct slice ones = { "7e12b48ba38073854465a0bd69662fc26f2ac3b4", 40 };
static const struct slice twos = { "d9515532b9c14c2be4b753507411819199714232", 40 };

static struct webhook *
make(const char *first, const char *second)
{
	const struct ingest_site_options sites[] = {
		{ .site_id = 7, .name = "a", .webhook_secret = first },
		{ .site_id = 8, .name = "b" },
		{ .site_id = INT64_C(1) << 40, .name = "c", .webhook_secret = second },
	};
	struct webhook *w = NULL;
	struct err e;

	if (webhook_new(sites, 3, &w, &e) != 0)
		fail_msg("%s", e.text);
	return w;
}

static void
the_secret_decides_the_site(void **state)
{
	struct webhook *w = make("one", "two");
	const int64_t a = 7, b = 8, c = INT64_C(1) << 40;
	unsigned char one[SIGNATURE_SIZE], two[SIGNATURE_SIZE];
	int64_t site = -1;

	(void)state;
	assert_int_equal(signature_parse(ones, one), 0);
	assert_int_equal(signature_parse(twos, two), 0);
	assert_true(webhook_has_secret(w, a));
	assert_false(webhook_has_secret(w, b));
	assert_true(webhook_has_secret(w, c));
	assert_false(webhook_verify(w, NULL, SLICE("{ }"), one, &site));
	assert_false(webhook_verify(w, &b, SLICE("{}"), one, &site));
	assert_false(webhook_verify(w, &c, SLICE("{}"), one, &site));
	assert_false(webhook_verify(w, &a, SLICE("{}"), two, &site));
	assert_int_equal(site, -1);
	assert_true(webhook_verify(w, NULL, SLICE("{}"), one, &site));
	assert_int_equal(site, 7);
	assert_true(webhook_verify(w, NULL, SLICE("{}"), two, &site));
	assert_int_equal(site, INT64_C(1) << 40);
	assert_true(webhook_verify(w, &a, SLICE("{}"), one, &site));
	assert_int_equal(site, 7);
	webhook_free(w);
	w = make("", NULL);
	assert_false(webhook_has_secret(w, a));
	assert_false(webhook_verify(w, NULL, SLICE("{}"), one, &site));
	webhook_free(w);
	webhook_free(NULL);
}

static void
a_secret_of_two_sites_is_refused(void **state)
{
	const struct ingest_site_options sites[] = {
		{ .site_id = 7, .name = "a", .webhook_secret = "same" },
		{ .site_id = 8, .name = "b", .webhook_secret = "same" },
	};
	struct webhook *w;
	struct err e;

	(void)state;
	assert_int_equal(webhook_new(sites, 2, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "site \"b\""));
	assert_null(strstr(e.text, "same"));
}

static void
a_stranger_cannot_have_much_hashed(void **state)
{
	static char text[WEBHOOK_MAX_HASHED / 2 + 1];
	struct webhook *w = make("one", "two");
	unsigned char one[SIGNATURE_SIZE] = { 0 };
	const int64_t a = 7;
	int64_t site;

	(void)state;
	/* HMAC-SHA1 of zero bytes under "one" */
	assert_int_equal(
	    signature_parse(SLICE("07b6cf5f7ed06398c2480e2cc8da0502e96738a0"), one), 0);
	assert_true(webhook_verify(w, NULL, (struct slice){ text, sizeof(text) - 1 }, one, &site));
	assert_int_equal(
	    signature_parse(SLICE("389dbce7dbb6e56d2f93ce6b94b31664278ebd6e"), one), 0);
	assert_false(webhook_verify(w, NULL, (struct slice){ text, sizeof(text) }, one, &site));
	/* if the post has a write key, only the secret of its site counts */
	assert_true(webhook_verify(w, &a, (struct slice){ text, sizeof(text) }, one, &site));
	webhook_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_of_the_standard),
		cmocka_unit_test(a_signature_is_forty_hexadecimal_digits),
		cmocka_unit_test(the_secret_decides_the_site),
		cmocka_unit_test(a_secret_of_two_sites_is_refused),
		cmocka_unit_test(a_stranger_cannot_have_much_hashed),
	};

	return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
