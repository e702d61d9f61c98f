/* base/similar: what counts as a slip of the fingers, and which word is the nearest. */
#include "lib/unit.h"

#include <string.h>

#include "base/similar.h"

static void
each_slip_counts_once(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} pairs[] = { { "", "", 0 }, { "status", "status", 0 }, { "staus", "status", 1 },
		{ "statuss", "status", 1 }, { "stetus", "status", 1 }, { "sttaus", "status", 1 },
		{ "Status", "status", 1 }, { "", "abc", 3 }, { "kitten", "sitting", 3 },
		{ "ab", "ba", 1 }, { "abc", "cab", 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_int_equal(similar_distance(pairs[i].a, pairs[i].b), pairs[i].distance);
		assert_int_equal(similar_distance(pairs[i].b, pairs[i].a), pairs[i].distance);
	}
}

static void
long_words_are_like_none(void **state)
{
	char longest[SIMILAR_MAX + 2];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[SIMILAR_MAX + 1] = '\0';
	assert_int_equal(similar_distance(longest, longest), SIMILAR_NONE);
	longest[SIMILAR_MAX] = '\0';
	assert_int_equal(similar_distance(longest, longest), 0);
	assert_int_equal(similar_distance(longest, ""), SIMILAR_MAX);
}

static void
the_nearest_word_is_meant(void **state)
{
	unsigned distance = SIMILAR_NONE;

	(void)state;
	/* a third of the known word's letters may be wrong, and not more */
	assert_false(similar_is_nearer("axy", "abc", &distance));
	assert_int_equal(distance, SIMILAR_NONE);
	assert_true(similar_is_nearer("abx", "abc", &distance));
	assert_int_equal(distance, 1);
	assert_false(similar_is_nearer("abx", "aby", &distance)); /* as near, and later */
	assert_true(similar_is_nearer("abx", "abx", &distance));
	assert_int_equal(distance, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_slip_counts_once),
		cmocka_unit_test(long_words_are_like_none),
		cmocka_unit_test(the_nearest_word_is_meant),
	};

	return cmocka_run_group_tests_name("similar", tests, NULL, NULL);
}
