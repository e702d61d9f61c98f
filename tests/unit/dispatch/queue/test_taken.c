/* dispatch/queue/taken: compares the set with a plain array of flags. */
#include "lib/unit.h"

#include <stdlib.h>

#include "base/rand.h"
#include "dispatch/queue/taken.h"

#define IDS(...)                                                                                   \
	(const int64_t[])                                                                          \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static void
check_holds(const struct taken *s, const int64_t *ids, size_t n)
{
	assert_int_equal(s->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s->ids[i], ids[i]);
}

static void
adding_keeps_the_order(void **state)
{
	struct taken s = { .n = 0 };

	(void)state;
	assert_int_equal(taken_reserve(&s, 8, NULL), 0);
	assert_false(taken_has(&s, 1));
	assert_int_equal(taken_add(&s, IDS(4, 6, 8), 3), 0);
	assert_int_equal(taken_add(&s, IDS(1, 5, 6, 9), 4), 0);
	check_holds(&s, IDS(1, 4, 5, 6, 8, 9), 6);
	assert_true(taken_has(&s, 1) && taken_has(&s, 9) && taken_has(&s, 5));
	assert_false(taken_has(&s, 0) || taken_has(&s, 7) || taken_has(&s, 10));
	taken_free(&s);
}

static void
removing_passes_over_what_is_not_there(void **state)
{
	struct taken s = { .n = 0 };

	(void)state;
	assert_int_equal(taken_reserve(&s, 8, NULL), 0);
	assert_int_equal(taken_add(&s, IDS(1, 4, 5, 6, 8, 9), 6), 0);
	taken_remove(&s, IDS(0, 4, 7, 9, 12), 5);
	check_holds(&s, IDS(1, 5, 6, 8), 4);
	taken_remove(&s, NULL, 0);
	taken_remove(&s, IDS(20), 1);
	check_holds(&s, IDS(1, 5, 6, 8), 4);
	taken_free(&s);
}

static void
the_maximum_holds(void **state)
{
	struct taken s = { .n = 0 };

	(void)state;
	assert_int_equal(taken_reserve(&s, 3, NULL), 0);
	assert_int_equal(taken_add(&s, IDS(1, 2), 2), 0);
	assert_int_equal(taken_add(&s, IDS(3, 4), 2), -1);
	check_holds(&s, IDS(1, 2), 2);
	/* ids that are already in the set need no room */
	assert_int_equal(taken_add(&s, IDS(1, 2, 3), 3), 0);
	assert_int_equal(taken_add(&s, IDS(4), 1), -1);
	taken_free(&s);
}

static void
adding_and_removing_behave_like_a_set(void **state)
{
	enum { RANGE = 200 };
	bool model[RANGE] = { false };
	struct taken s = { .n = 0 };
	struct rand chance;

	(void)state;
	rand_seed(&chance, 3);
	assert_int_equal(taken_reserve(&s, RANGE, NULL), 0);
	for (int round = 0; round < 5000; round++) {
		int64_t ids[RANGE];
		size_t n = 0, held = 0;
		bool add = rand_below(&chance, 2) == 0;

		for (int64_t id = 0; id < RANGE; id++)
			if (rand_below(&chance, 10) == 0) {
				ids[n++] = id;
				model[id] = add;
			}
		if (add)
			assert_int_equal(taken_add(&s, ids, n), 0);
		else
			taken_remove(&s, ids, n);
		for (int64_t id = 0; id < RANGE; id++) {
			assert_int_equal(taken_has(&s, id), model[id]);
			held += model[id];
		}
		assert_int_equal(s.n, held);
	}
	taken_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_keeps_the_order),
		cmocka_unit_test(removing_passes_over_what_is_not_there),
		cmocka_unit_test(the_maximum_holds),
		cmocka_unit_test(adding_and_removing_behave_like_a_set),
	};

	return cmocka_run_group_tests_name("taken", tests, NULL, NULL);
}
