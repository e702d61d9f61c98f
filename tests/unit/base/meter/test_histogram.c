/* base/meter: the edges of the ranges, and words without a place. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/meter/histogram.h"
#include "base/meter/word_counts.h"

static const struct histogram_bounds bounds = { 3, { 10, 100, 1000 } };

static struct histogram_view
view_after(int64_t value)
{
	struct histogram h = { .sum = 0 };
	struct histogram_view view;

	histogram_add(&h, &bounds, value);
	histogram_read(&h, &bounds, &view);
	return view;
}

/* Counts are cumulative: a value counts for its own bound and all higher ones. */
static void
a_value_counts_up_to_its_bound(void **state)
{
	static const struct {
		int64_t value;
		uint64_t up_to[3], sum;
	} cases[] = {
		{ 0, { 1, 1, 1 }, 0 },
		{ 9, { 1, 1, 1 }, 9 },
		{ 10, { 1, 1, 1 }, 10 },
		{ 11, { 0, 1, 1 }, 11 },
		{ 100, { 0, 1, 1 }, 100 },
		{ 101, { 0, 0, 1 }, 101 },
		{ 1000, { 0, 0, 1 }, 1000 },
		{ 1001, { 0, 0, 0 }, 1001 },
		{ -1, { 1, 1, 1 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct histogram_view view = view_after(cases[i].value);

		assert_memory_equal(view.up_to, cases[i].up_to, sizeof(cases[i].up_to));
		assert_int_equal(view.count, 1);
		assert_int_equal(view.sum, cases[i].sum);
	}
}

static void
values_add_up(void **state)
{
	struct histogram h = { .sum = 0 };
	struct histogram_view view;

	(void)state;
	for (int64_t value = 1; value <= 2000; value++)
		histogram_add(&h, &bounds, value);
	histogram_read(&h, &bounds, &view);
	assert_int_equal(view.up_to[0], 10);
	assert_int_equal(view.up_to[1], 100);
	assert_int_equal(view.up_to[2], 1000);
	assert_int_equal(view.count, 2000);
	assert_int_equal(view.sum, 2000 * 2001 / 2);
}

static uint64_t
count_of(const struct word_counts *c, const char *word)
{
	uint64_t count;

	for (size_t i = 0; i < word_counts_n(c); i++)
		if (strcmp(word_counts_read(c, i, &count), word) == 0)
			return count;
	return 0;
}

/* With n different words, each counted twice. */
static void
count_words(struct word_counts *c, size_t n)
{
	static char words[WORD_COUNTS_MAX + 8][16];

	*c = (struct word_counts){ .n = 0 };
	for (size_t i = 0; i < n; i++) {
		snprintf(words[i], sizeof(words[i]), "word %zu", i);
		word_counts_add(c, words[i]);
		word_counts_add(c, words[i]);
	}
}

static void
words_without_a_place_count_as_other(void **state)
{
	static struct word_counts c;

	(void)state;
	count_words(&c, WORD_COUNTS_MAX - 1);
	assert_int_equal(word_counts_n(&c), WORD_COUNTS_MAX - 1);
	assert_int_equal(count_of(&c, "word 0"), 2);
	assert_int_equal(count_of(&c, "word 62"), 2);
	assert_int_equal(count_of(&c, WORD_COUNTS_OTHER), 0);
	count_words(&c, WORD_COUNTS_MAX + 1);
	assert_int_equal(word_counts_n(&c), WORD_COUNTS_MAX);
	assert_int_equal(count_of(&c, "word 62"), 2);
	assert_int_equal(count_of(&c, WORD_COUNTS_OTHER), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_counts_up_to_its_bound),
		cmocka_unit_test(values_add_up),
		cmocka_unit_test(words_without_a_place_count_as_other),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
