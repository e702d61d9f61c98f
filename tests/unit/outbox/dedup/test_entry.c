/*
 * outbox/dedup/entry: packing, sorting, merging and searching entries; and the filters over them.
 */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "outbox/dedup/entry.h"
#include "outbox/dedup/filter.h"

#define MANY 500

static void
an_entry_keeps_its_id_and_the_low_bits_of_its_key(void **state)
{
	const uint64_t key = UINT64_C(0x3abcdef12);
	char file[DEDUP_ENTRY_SIZE];
	uint64_t entry = dedup_entry(key, DEDUP_ID_MAX);

	(void)state;
	assert_int_equal(dedup_entry_id(entry), DEDUP_ID_MAX);
	assert_int_equal(dedup_entry_key(entry), 0xbcdef12 & 0xffffff);
	assert_int_equal(dedup_entry_id(dedup_entry(key, 1)), 1);
	dedup_entry_write(dedup_entry(0x010203, 0x0405060708), file);
	assert_memory_equal(file, "\1\2\3\4\5\6\7\10", DEDUP_ENTRY_SIZE);
	assert_true(dedup_entry_read(file) == dedup_entry(0x010203, 0x0405060708));
}

/* Compares with a plain search, with runs of equal keys. */
static void
merged_entries_are_sorted_and_found(void **state)
{
	uint64_t a[MANY], b[MANY], to[2 * MANY];
	char file[2 * MANY * DEDUP_ENTRY_SIZE];
	struct rand rand;
	size_t n;

	(void)state;
	rand_seed(&rand, 7);
	for (int i = 0; i < MANY; i++) {
		a[i] = dedup_entry(rand_u64(&rand) % 300, i % 3 + 1);
		b[i] = i % 5 == 0 ? a[i] : dedup_entry(rand_u64(&rand) % 300, i + 1);
	}
	dedup_entries_sort(a, MANY);
	dedup_entries_sort(b, MANY);
	assert_int_equal(
	    dedup_entries_merge(a, MANY, NULL, 0, to), dedup_entries_merge(a, MANY, a, MANY, to));
	n = dedup_entries_merge(a, MANY, b, MANY, to);
	assert_in_range(n, MANY / 2, 2 * MANY - MANY / 5);
	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || to[i - 1] < to[i]);
		dedup_entry_write(to[i], file + i * DEDUP_ENTRY_SIZE);
	}
	for (int i = 0; i < MANY; i++) {
		size_t at = dedup_entries_find(file, n, b[i]);

		assert_true(at < n && to[at] == b[i]);
	}
	for (uint64_t key = 0; key < 300; key++) {
		size_t at = dedup_entries_find(file, n, dedup_entry(key, 0)), first = 0;

		while (first < n && dedup_entry_key(to[first]) < key)
			first++;
		assert_int_equal(at, first);
	}
	assert_int_equal(dedup_entries_find(file, 0, 1), 0);
}

static void
a_filter_lies_in_one_direction_only(void **state)
{
	struct dedup_filter f;
	uint64_t entries[128];
	struct rand rand;
	int wrong = 0;
	struct err e;

	(void)state;
	rand_seed(&rand, 3);
	for (int i = 0; i < 128; i++)
		entries[i] = dedup_entry(rand_u64(&rand), i + 1);
	assert_int_equal(dedup_filter_open(&f, 16, 128, 3, &e), 0);
	assert_true(dedup_filter_may_have(&f, 3, 1));
	assert_false(dedup_filter_knows(&f, 3));
	dedup_filter_learn(&f, 3, entries, 128);
	assert_true(dedup_filter_knows(&f, 3));
	assert_false(dedup_filter_knows(&f, 2));
	for (int i = 0; i < 128; i++)
		assert_true(dedup_filter_may_have(&f, 3, dedup_entry_key(entries[i])));
	/* With eight bits for each key, about 3 % of other keys pass. */
	for (int i = 0; i < 10000; i++)
		wrong += dedup_filter_may_have(&f, 3, rand_u64(&rand) & 0xffffff);
	assert_in_range(wrong, 100, 600);
	/* Building a filter again forgets its old keys and does not change its neighbors. */
	dedup_filter_learn(&f, 2, NULL, 0);
	assert_false(dedup_filter_may_have(&f, 2, 1));
	assert_true(dedup_filter_may_have(&f, 3, dedup_entry_key(entries[5])));
	dedup_filter_learn(&f, 3, entries + 5, 1);
	assert_true(dedup_filter_may_have(&f, 3, dedup_entry_key(entries[5])));
	assert_false(dedup_filter_may_have(&f, 3, dedup_entry_key(entries[6])));
	dedup_filter_forget(&f);
	assert_true(dedup_filter_may_have(&f, 3, dedup_entry_key(entries[6])));
	assert_true(dedup_filter_may_have(&f, 2, 1));
	dedup_filter_close(&f);
}

static void
a_level_without_a_filter_may_have_anything(void **state)
{
	struct dedup_filter f;
	struct err e;

	(void)state;
	assert_int_equal(dedup_filter_open(&f, 16, 0, 0, &e), 0);
	dedup_filter_learn(&f, 1, NULL, 0);
	dedup_filter_forget(&f);
	assert_true(dedup_filter_may_have(&f, 1, 1));
	dedup_filter_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_keeps_its_id_and_the_low_bits_of_its_key),
		cmocka_unit_test(merged_entries_are_sorted_and_found),
		cmocka_unit_test(a_filter_lies_in_one_direction_only),
		cmocka_unit_test(a_level_without_a_filter_may_have_anything),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
