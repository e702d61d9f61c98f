/*
 * Statements and allocations that fail at any point of a call to the levels: existing entries stay,
 * and all of them are found.
 */
#include "unit/outbox/dedup/levels_fixture.h"

/* ---- failing allocations --------------------------------------------------------------------- */

static int allocations_left = -1; /* negative: no allocation fails */

void *__real_realloc(void *p, size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size);

static bool
fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

/* ---- failing statements ---------------------------------------------------------------------- */

static int ticks_left = -1; /* below 0: none fails */

static int
tick(void *arg)
{
	(void)arg;
	return ticks_left >= 0 && ticks_left-- == 0;
}

/* ---- the tests ------------------------------------------------------------------------------- */

/* Writes a bucket of new events while the nth step of SQLite or the nth allocation fails. */
static bool
put_fails(int64_t first, int steps, int allocations)
{
	uint64_t bucket = (uint64_t)first % BUCKETS;
	struct err e;
	int rc;

	for (int i = 0; i < 20; i++)
		waiting[bucket][i] =
		    dedup_entry(bucket << 24 | (rand_u64(&chance) & 0xffffff), first + i);
	n_waiting[bucket] = 20;
	sql("BEGIN IMMEDIATE");
	ticks_left = steps;
	allocations_left = allocations;
	rc = put(bucket, &e);
	ticks_left = allocations_left = -1;
	n_waiting[bucket] = 0;
	if (rc != 0)
		assert_int_not_equal(e.code, ERR_NONE);
	assert_int_equal(db_rollback(&db), 0);
	load();
	return rc != 0;
}

static void
a_call_that_fails_anywhere_changes_nothing(void **state)
{
	int failed = 0;

	(void)state;
	add_range(1, 80000);
	levels.level_entries = 1000; /* small, so that each level has too many */
	sqlite3_progress_handler(db.handle, 1, tick, NULL);
	ticks_left = -1;
	while (put_fails(90000, failed, -1))
		failed++;
	assert_true(failed > 200);
	check_file(80000);
	for (int64_t i = 1; i <= 80000; i += 3)
		assert_int_equal(find(&levels, i), i);
	sqlite3_progress_handler(db.handle, 0, NULL, NULL);
}

static void
memory_may_fail_anywhere(void **state)
{
	struct dedup_levels fresh;
	int failed = 0;
	struct err e;

	(void)state;
	for (;; failed++) {
		int rc;

		allocations_left = failed;
		rc = dedup_levels_open(&fresh, LEVEL_1, &e);
		allocations_left = -1;
		if (rc == 0)
			break;
		assert_int_equal(e.code, ERR_NOMEM);
	}
	dedup_levels_close(&fresh);
	assert_true(failed >= 9); /* 1 for the blob, and 2 for each filter */
	add_range(1, 20000);
	/* The levels allocate memory when needed: begin without any. */
	dedup_levels_close(&levels);
	assert_int_equal(dedup_levels_open(&levels, LEVEL_1, &e), 0);
	load();
	for (failed = 0; put_fails(90000, -1, failed); failed++)
		;
	assert_true(failed >= 2);
	check_file(20000);
}

/* When the neighbors cannot be read, no bucket is taken for empty. */
static void
a_failed_reading_hides_nothing(void **state)
{
	int64_t id;
	struct err e;
	int failed = 0;

	(void)state;
	add_range(1, 5000);
	sqlite3_progress_handler(db.handle, 1, tick, NULL);
	for (int rc = -1; rc != 1; failed++) {
		char text[32];

		load();
		ticks_left = failed;
		rc = dedup_levels_find(&levels, &db, key_of(1), SITE, id_text(text, 1), &id, &e);
		ticks_left = -1;
		assert_int_not_equal(rc, 0);
		for (int64_t i = 1; i <= 5000; i += 50)
			assert_int_equal(find(&levels, i), i);
	}
	assert_true(failed > 5);
	sqlite3_progress_handler(db.handle, 0, NULL, NULL);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_call_that_fails_anywhere_changes_nothing),
		TEST(a_failed_reading_hides_nothing),
		TEST(memory_may_fail_anywhere),
	};

	return cmocka_run_group_tests_name("levels_faults", tests, NULL, NULL);
}
