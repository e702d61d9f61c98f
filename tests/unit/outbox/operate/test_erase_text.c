/* Finding an address in a text, and replacing it. */
#include "lib/unit.h"

#include <string.h>

#include "outbox/filter/message_ids.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/erase_text.h"

static const struct {
	const char *text, *want; /* NULL: the address is not in the text */
} rows[] = {
	{ "a@b.cc", ERASE_WORD },
	{ "x A@B.CC y", "x " ERASE_WORD " y" },
	{ "\"a%40b.cc\"", "\"" ERASE_WORD "\"" },
	{ "\"a\\u0040b.cc\"", "\"" ERASE_WORD "\"" },
	{ "a@b.cc,a@b.cc", ERASE_WORD "," ERASE_WORD },
	{ "a@b.cca", NULL },
	{ "joa@b.cc", NULL },
	{ "jo.a@b.cc", NULL },
	{ "<a@b.cc>", "<" ERASE_WORD ">" },
	{ "\\na@b.cc", "\\n" ERASE_WORD },
	{ "%20a@b.cc", "%20" ERASE_WORD },
	{ "\\u000aa@b.cc", "\\u000a" ERASE_WORD },
	{ "%zza@b.cc", NULL },
	{ "a@b.cc.", ERASE_WORD "." },
	{ "@b.cc", NULL },
	{ "a@b.c", NULL },
	{ "", NULL },
	{ "a\\u004", NULL },
	{ "%4", NULL },
	{ "Za@b.cc", NULL },
	{ "9a@b.cc", NULL },
	{ "_a@b.cc", NULL },
	{ "-a@b.cc", NULL },
	{ "+a@b.cc", NULL },
	{ "[a@b.cc{", "[" ERASE_WORD "{" },
	{ "/a@b.cc/", "/" ERASE_WORD "/" },
	{ ":a@b.cc`", ":" ERASE_WORD "`" },
	{ "a@b.ccZ", NULL },
	{ "a@b.cc0", NULL },
	{ "a@b.cc_", NULL },
	{ "za@b.cc", NULL },
	{ "zza@b.cc", NULL },
	{ "zzzza@b.cc", NULL },
	{ "%2fa@b.cc", "%2f" ERASE_WORD },
	{ "%2Ga@b.cc", NULL },
	{ "%_0a@b.cc", NULL },
	{ "%.0a@b.cc", NULL },
	{ "\\uzz0aa@b.cc", NULL },
	{ "\\x000aa@b.cc", NULL },
	{ "zz000aa@b.cc", NULL },
};

static void
addresses_are_found_in_all_their_ways(void **state)
{
	struct erase_needle needle;
	struct buf to;

	(void)state;
	assert_true(erase_needle_of(SLICE("a@b.cc"), &needle));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool there = rows[i].want != NULL;

		buf_init(&to, 1000);
		assert_int_equal(erase_text_has(slice_from(rows[i].text), &needle), there);
		assert_int_equal(erase_text_replace(slice_from(rows[i].text), &needle, &to), there);
		if (there)
			assert_string_equal(to.p, rows[i].want);
		buf_free(&to);
	}
	assert_false(erase_text_has(SLICE_NONE, &needle));
	assert_false(erase_needle_of(SLICE("@b"), &needle));
	assert_false(erase_needle_of(SLICE("b@"), &needle));
	assert_false(erase_needle_of(SLICE("b"), &needle));
	assert_false(erase_needle_of(SLICE(""), &needle));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_found_in_all_their_ways),
	};

	return cmocka_run_group_tests_name("erase text", tests, NULL, NULL);
}
