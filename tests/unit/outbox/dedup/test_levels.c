/*
 * The levels in the file, made small: every entry is found wherever it has moved, a call writes a
 * bounded number of buckets, and entries of removed events are dropped.
 */
#include "unit/outbox/dedup/levels_fixture.h"

static void
every_entry_is_found_at_every_level(void **state)
{
	const int64_t n = 199000;

	(void)state;
	add_range(1, LEVEL_1 / 2);
	assert_int_equal(number("SELECT max(level) FROM dedup_level"), 1);
	for (int64_t at = LEVEL_1 / 2; at < n; at += 19300)
		add_range(at + 1, at + 19300);
	check_file(n);
	assert_int_equal(number("SELECT max(level) FROM dedup_level"), 3);
	/* No level exceeds its limit by more than the entries of a few buckets. */
	assert_in_range(levels.level[1].entries, 1, LEVEL_1 + 200);
	assert_in_range(levels.level[2].entries, 1, 8 * LEVEL_1 + 200);
	for (int64_t i = 1; i <= n; i++)
		if (find(&levels, i) != i || (i % 50 == 0 && find(NULL, i) != i))
			fail_msg("message %lld is not found", (long long)i);
	for (int64_t i = n + 1; i <= n + 1000; i++)
		assert_int_equal(find(&levels, i), 0);
	/* After a start no filter exists, and each is built when its bucket is read. */
	load();
	check_file(n);
	for (int64_t i = 1; i <= 2 * n; i += 7)
		assert_int_equal(find(&levels, i), i <= n ? i : 0);
	assert_true(dedup_filter_knows(&levels.level[2].filter, 5));
}

/* What a writer's memory grows by while its file grows. */
static void
filters_take_little_memory(void **state)
{
	int64_t entries = 0, bytes = 0;

	(void)state;
	for (int i = 1; i <= DEDUP_LEVELS; i++) {
		const struct dedup_filter *filter = &levels.level[i].filter;

		if (entries < 10000000)
			assert_in_range(
			    bytes + (int64_t)(filter->size * filter->buckets), 1, 5000000);
		bytes += (int64_t)(filter->size * filter->buckets);
		entries += (int64_t)DEDUP_LEVEL_ENTRIES << DEDUP_FAN_BITS * (i - 1);
	}
	assert_in_range(bytes, 1, 7200000);
}

/* When a bucket is emptied, its filter is emptied, too, without a restart. */
static void
an_emptied_bucket_is_not_asked_again(void **state)
{
	const struct dedup_level *top = &levels.level[1];
	int64_t bucket, below;
	struct db_rows rows;
	struct slice blob;
	struct err e;

	(void)state;
	add_range(1, 4 * LEVEL_1);
	bucket = (top->hand + BUCKETS - 1) % BUCKETS;
	below = number("SELECT min(bucket_id) FROM dedup_bucket WHERE bucket_id >= 2199023255552 + "
		       "8 * ((SELECT hand + 1023 FROM dedup_level WHERE level = 1) % 1024)");
	rows = stmt_dedup_bucket_get(&db, below, &e);
	assert_int_equal(stmt_dedup_bucket_get_next(&rows, &blob, &e), 1);
	for (size_t i = 0; i < blob.n; i += DEDUP_ENTRY_SIZE)
		assert_false(dedup_filter_may_have(
		    &top->filter, (uint64_t)bucket, dedup_entry_key(dedup_entry_read(blob.p + i))));
	db_rows_end(&rows);
}

/* Filters are built in groups of eight neighbors. */
static void
neighbors_are_learned_together(void **state)
{
	const struct dedup_filter *filter = &levels.level[1].filter;
	uint64_t bucket = key_of(1) >> 24, first = bucket & ~UINT64_C(7);

	(void)state;
	add_range(1, 5000);
	load();
	assert_int_equal(find(&levels, 1), 1);
	for (uint64_t i = 0; i < BUCKETS; i++)
		assert_int_equal(dedup_filter_knows(filter, i), i >= first && i < first + 8);
	for (int64_t i = 1; i <= 5000; i++)
		assert_int_equal(find(&levels, i), i);
	/* A filter that was built by reading the file excludes keys that it does not hold. */
	assert_false(dedup_filter_may_have(filter, bucket, (key_of(1) + 1) & 0xffffff));
}

/* The bound on writes that ingest relies on. */
static void
one_call_writes_few_rows(void **state)
{
	int64_t most = 0;

	(void)state;
	add_range(1, 120000);
	sql("BEGIN IMMEDIATE");
	for (int64_t n = 120001; n <= 150000; n++) {
		int64_t before = sqlite3_total_changes64(db.handle), rows;

		add(n);
		/* without the row of the event itself */
		rows = sqlite3_total_changes64(db.handle) - before - 1;
		most = rows > most ? rows : most;
	}
	sql("COMMIT");
	/* The row of level 1, one bucket moved into eight at each of two levels, and the counts. */
	assert_in_range(most, 20, 2 + 2 * 11);
}

static void
entries_that_come_again_are_kept_once(void **state)
{
	uint64_t entry = dedup_entry(key_of(1), 1), bucket = key_of(1) >> 24;
	struct err e;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(dedup_levels_put(&levels, &db, bucket, &entry, 1, &e), 0);
	assert_int_equal(entries_in_file(), 1);
	assert_int_equal(levels.level[1].entries, 1);
}

/* Another message with the same key, and a removed event, do not hide the right one. */
static void
entries_of_one_key_are_all_asked(void **state)
{
	uint64_t key = key_of(5), bucket = key >> 24;
	uint64_t entries[] = { dedup_entry(key, 2), dedup_entry(key, 4), dedup_entry(key, 5),
		dedup_entry(key, 6) };
	struct err e;

	(void)state;
	add_range(2, 2);
	add_range(5, 6);
	assert_int_equal(dedup_levels_put(&levels, &db, bucket, entries, 4, &e), 0);
	assert_int_equal(find(&levels, 5), 5);
	assert_int_equal(find(NULL, 5), 5);
	sql("DELETE FROM event WHERE event_id = 5");
	assert_int_equal(find(&levels, 5), 0);
	/* The site is compared, too. */
	sql("UPDATE event SET site_id = 7 WHERE event_id = 6");
	assert_int_equal(find(&levels, 6), 0);
}

static void
what_retention_removed_leaves_the_levels(void **state)
{
	int64_t stale;

	(void)state;
	add_range(1, 30000);
	/* Every tenth of the old events stays. */
	sql("DELETE FROM event WHERE event_id <= 20000 AND event_id % 10 <> 0");
	add_range(30001, 31000);
	check_file(31000);
	assert_int_equal(stmt_purge_note_event(&db, 20000, NULL), 0);
	assert_int_equal(stmt_purge_note_event(&db, 7, NULL), 0);
	add_range(31001, 60000);
	check_file(entries_in_file());
	stale = entries_in_file() - number("SELECT count(*) FROM event");
	assert_in_range(stale, 0, 1800);
	for (int64_t i = 1; i <= 60000; i++)
		assert_int_equal(find(&levels, i), i > 20000 || i % 10 == 0 ? i : 0);
}

/* An emptied bucket has no row. */
static void
all_may_go(void **state)
{
	uint64_t bucket = key_of(1) >> 24;
	struct err e;

	(void)state;
	add_range(1, 1);
	sql("DELETE FROM event");
	assert_int_equal(stmt_purge_note_event(&db, 1, &e), 0);
	assert_int_equal(dedup_levels_put(&levels, &db, bucket, NULL, 0, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM dedup_bucket"), 0);
	assert_int_equal(levels.level[1].entries, 0);
	assert_int_equal(find(&levels, 1), 0);
}

static void
a_rollback_forgets_what_was_moved(void **state)
{
	(void)state;
	add_range(1, 30000);
	sql("BEGIN IMMEDIATE");
	for (int64_t n = 30001; n <= 36000; n++)
		add(n);
	sql("ROLLBACK");
	memset(n_waiting, 0, sizeof(n_waiting));
	load();
	check_file(30000);
	for (int64_t i = 1; i <= 36000; i++)
		assert_int_equal(find(&levels, i), i <= 30000 ? i : 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_entry_is_found_at_every_level),
		TEST(filters_take_little_memory),
		TEST(an_emptied_bucket_is_not_asked_again),
		TEST(neighbors_are_learned_together),
		TEST(one_call_writes_few_rows),
		TEST(entries_that_come_again_are_kept_once),
		TEST(entries_of_one_key_are_all_asked),
		TEST(what_retention_removed_leaves_the_levels),
		TEST(all_may_go),
		TEST(a_rollback_forgets_what_was_moved),
	};

	return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
