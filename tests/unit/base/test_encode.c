/* base/encode and base/utf8: the limits of what is well-formed. */
#include "lib/unit.h"

#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"

static void
hex_goes_there_and_back(void **state)
{
	unsigned char bytes[4] = { 1, 1, 1, 1 };
	struct buf text;

	(void)state;
	buf_init(&text, 8);
	encode_hex(&text, "\x00\x7f\xab\xff", 4);
	assert_string_equal(text.p, "007fabff");
	encode_hex(&text, "x", 1);
	assert_true(text.failed);
	buf_free(&text);
	assert_int_equal(decode_hex(SLICE("00000g00"), bytes, 4), -1);
	assert_int_equal(decode_hex(SLICE("000000"), bytes, 4), -1);
	assert_int_equal(decode_hex(SLICE("0000000000"), bytes, 4), -1);
	assert_int_equal(decode_hex(SLICE_NONE, bytes, 4), -1);
	assert_memory_equal(bytes, "\1\1\1\1", 4);
	assert_int_equal(decode_hex(SLICE("007FabFf"), bytes, 4), 0);
	assert_memory_equal(bytes, "\x00\x7f\xab\xff", 4);
	assert_int_equal(decode_hex_digit('\xe9'), -1);
	assert_int_equal(decode_hex_digit('\0'), -1);
	assert_int_equal(decode_hex_digit('/'), -1);
	assert_int_equal(decode_hex_digit(':'), -1);
}

static void
base64_is_that_of_the_standard(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" } };
	char bytes[6];
	struct buf text;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		buf_init(&text, 8);
		encode_base64(&text, slice_from(pairs[i][0]));
		assert_string_equal(buf_slice(&text).p, pairs[i][1]);
		assert_int_equal(text.n, strlen(pairs[i][1]));
		buf_free(&text);
		assert_int_equal(decode_base64(slice_from(pairs[i][1]), bytes, 6, &n), 0);
		assert_int_equal(n, strlen(pairs[i][0]));
		assert_memory_equal(bytes, pairs[i][0], n);
	}
	buf_init(&text, 7);
	encode_base64(&text, SLICE("foobar"));
	assert_true(text.failed);
	buf_free(&text);
}

static void
only_strict_base64_is_read(void **state)
{
	static const char *const bad[] = { "Zg", "Zg=", "Z===", "====", "=m9v", "Zm=v", " Zm9v",
		"Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zm9v====", "Zg==Zg==", "Zm9vYmFyZm9v" };
	char bytes[6];
	size_t n = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (decode_base64(slice_from(bad[i]), bytes, sizeof(bytes), &n) == 0)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(n, 99);
}

static void
percent_signs_that_are_malformed_stay(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(decode_percent(SLICE("a%2Bb+%"), text, sizeof(text)), 5);
	assert_memory_equal(text, "a+b+%", 5);
	assert_int_equal(decode_percent(SLICE("%zz%4"), text, sizeof(text)), 5);
	assert_memory_equal(text, "%zz%4", 5);
	assert_int_equal(decode_percent(SLICE("%41%42%43"), text, 2), 2);
	assert_memory_equal(text, "AB", 2);
}

static void
characters_have_one_to_four_bytes(void **state)
{
	static const struct {
		const char *text;
		unsigned length;
	} rows[] = { { "a", 1 }, { "\x7f", 1 }, { "\xc2\x80", 2 }, { "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 }, { "\xed\x9f\xbf", 3 }, { "\xef\xbf\xbf", 3 },
		{ "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 }, { "\x80", 0 },
		{ "\xc1\xbf", 0 }, { "\xe0\x9f\xbf", 0 }, { "\xed\xa0\x80", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 }, { "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },
		{ "\xc2", 0 }, { "\xe2\x82", 0 }, { "\xf0\x9f\x98", 0 }, { "\xc2x", 0 },
		{ "\xe2\x82x", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(utf8_length(rows[i].text, strlen(rows[i].text)), rows[i].length);
	assert_int_equal(utf8_count(SLICE("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
	assert_int_equal(utf8_count(SLICE_NONE), 0);
}

static void
characters_are_taken_one_by_one(void **state)
{
	struct slice rest = SLICE("a\xc3\xa4\xff\0\xf0\x9f\x98\x80\xe2\x82");
	const unsigned codes[] = { 'a', 0xe4, 0, 0, 0x1f600, 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		assert_true(rest.n > 0);
		assert_int_equal(utf8_next(&rest), codes[i]);
	}
	assert_int_equal(rest.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_goes_there_and_back),
		cmocka_unit_test(base64_is_that_of_the_standard),
		cmocka_unit_test(only_strict_base64_is_read),
		cmocka_unit_test(percent_signs_that_are_malformed_stay),
		cmocka_unit_test(characters_have_one_to_four_bytes),
		cmocka_unit_test(characters_are_taken_one_by_one),
	};

	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
