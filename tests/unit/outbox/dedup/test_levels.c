/*
 * The levels in the file, made small: every entry is found wherever it has moved, a call writes a
 * bounded number of buckets, entries of removed events are dropped, and a call that fails at any
 * point changes nothing.
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "lib/tempdir.h"
#include "outbox/dedup/dedup.h"
#include "outbox/dedup/levels.h"
#include "outbox/file/migrate.h"

#define LEVEL_1 12000 /* entries */
#define BUCKETS 1024
#define SITE 1

static struct tempdir dir;
static struct db db;
static struct dedup_levels levels;
static const struct siphash_key secret = { 1, 2 };
static struct rand chance;

/* Entries of the tests wait here until their bucket is written. */
static uint64_t waiting[BUCKETS][128];
static size_t n_waiting[BUCKETS];

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

/* ---- the rig --------------------------------------------------------------------------------- */

static void
sql(const char *text)
{
	struct err e;

	if (db_exec(&db, text, &e) != 0)
		fail_msg("%s: %s", text, e.text);
}

static int64_t
number(const char *text)
{
	int64_t n = -1;

	assert_int_equal(db_exec_int(&db, text, &n, NULL), 0);
	return n;
}

static void
load(void)
{
	struct err e;

	if (dedup_levels_load(&levels, &db, &e) != 0)
		fail_msg("%s", e.text);
}

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	tempdir_make(&dir);
	rand_seed(&chance, 11);
	memset(n_waiting, 0, sizeof(n_waiting));
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || dedup_levels_open(&levels, LEVEL_1, &e) != 0)
		return -1;
	load();
	/* These tests do not need durability. */
	return db_exec(&db, "PRAGMA synchronous=OFF", &e);
}

static int
tear_down(void **state)
{
	(void)state;
	dedup_levels_close(&levels);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

static struct slice
id_text(char text[32], int64_t n)
{
	snprintf(text, 32, "message-%lld", (long long)n);
	return slice_from(text);
}

static uint64_t
key_of(int64_t n)
{
	char text[32];

	return dedup_key_of(&secret, SITE, id_text(text, n));
}

static int
put(uint64_t bucket, struct err *e)
{
	dedup_entries_sort(waiting[bucket], n_waiting[bucket]);
	return dedup_levels_put(&levels, &db, bucket, waiting[bucket], n_waiting[bucket], e);
}

static void
put_well(uint64_t bucket)
{
	struct err e;

	if (put(bucket, &e) != 0)
		fail_msg("%s", e.text);
	n_waiting[bucket] = 0;
}

/* Stores an event and its entry; buckets are written at varying sizes. */
static void
add(int64_t n)
{
	char text[32];
	struct err e;
	uint64_t key = key_of(n), bucket = key >> (DEDUP_KEY_BITS - DEDUP_ROOT_BITS);

	assert_int_equal(stmt_event_add(&db,
			     &(struct stmt_event_add){ .event_id = n,
				 .site_id = SITE,
				 .message_id = id_text(text, n),
				 .kind = "track" },
			     &e),
	    0);
	waiting[bucket][n_waiting[bucket]++] = dedup_entry(key, n);
	if (n_waiting[bucket] >= 5 + bucket % 4)
		put_well(bucket);
}

static void
add_range(int64_t from, int64_t to)
{
	sql("BEGIN IMMEDIATE");
	for (int64_t n = from; n <= to; n++)
		add(n);
	for (uint64_t b = 0; b < BUCKETS; b++)
		if (n_waiting[b] > 0)
			put_well(b);
	sql("COMMIT");
}

/* Returns the event found for message n; 0 when none is. */
static int64_t
find(struct dedup_levels *l, int64_t n)
{
	char text[32];
	int64_t id = 0;
	struct err e;
	int rc = dedup_levels_find(l, &db, key_of(n), SITE, id_text(text, n), &id, &e);

	if (rc < 0)
		fail_msg("%s", e.text);
	return rc == 1 ? id : 0;
}

static int64_t
entries_in_file(void)
{
	return number("SELECT coalesce(sum(length(entries)), 0) / 8 FROM dedup_bucket");
}

/* Checks that counts agree, buckets are sorted, and each has only its own entries. */
static void
check_file(int64_t expected)
{
	sqlite3_stmt *stmt;

	assert_int_equal(entries_in_file(), expected);
	assert_int_equal(number("SELECT coalesce(sum(entries), 0) FROM dedup_level"), expected);
	assert_int_equal(number("SELECT count(*) FROM dedup_level l WHERE entries <> (SELECT "
				"coalesce(sum(length(entries)), 0) / 8 FROM dedup_bucket b WHERE "
				"b.bucket_id >> 40 = l.level)"),
	    0);
	assert_int_equal(sqlite3_prepare_v2(db.handle,
			     "SELECT bucket_id, entries FROM dedup_bucket", -1, &stmt, NULL),
	    SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		uint64_t id = (uint64_t)sqlite3_column_int64(stmt, 0);
		uint64_t level = id >> 40, bucket = id & ((UINT64_C(1) << 40) - 1), last = 0;
		const char *p = sqlite3_column_blob(stmt, 1);

		assert_true(sqlite3_column_bytes(stmt, 1) > 0);
		for (int i = 0; i < sqlite3_column_bytes(stmt, 1); i += DEDUP_ENTRY_SIZE) {
			uint64_t entry = dedup_entry_read(p + i);
			uint64_t key = key_of(dedup_entry_id(entry));

			assert_true(entry > last);
			last = entry;
			assert_true(dedup_entry(key, dedup_entry_id(entry)) == entry);
			assert_true(key >> (DEDUP_KEY_BITS - 10 - 3 * ((int)level - 1)) == bucket);
		}
	}
	sqlite3_finalize(stmt);
}

/* ---- the tests ------------------------------------------------------------------------------- */

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
		rows = sqlite3_total_changes64(db.handle) - before - 1; /* except the event */
		most = rows > most ? rows : most;
	}
	sql("COMMIT");
	/* Level 1, and for each of two levels one bucket into eight, and the counts. */
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
	assert_int_equal(stmt_dedup_set_purged(&db, 20000, NULL), 0);
	assert_int_equal(stmt_dedup_set_purged(&db, 7, NULL), 0);
	add_range(31001, 60000);
	check_file(entries_in_file());
	stale = entries_in_file() - number("SELECT count(*) FROM event");
	assert_in_range(stale, 0, 1800);
	for (int64_t i = 1; i <= 60000; i++)
		assert_int_equal(find(&levels, i), i > 20000 || i % 10 == 0 ? i : 0);
}

/* A bucket that has become empty has no row. */
static void
all_may_go(void **state)
{
	uint64_t bucket = key_of(1) >> 24;
	struct err e;

	(void)state;
	add_range(1, 1);
	sql("DELETE FROM event");
	assert_int_equal(stmt_dedup_set_purged(&db, 1, &e), 0);
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

/* ---- failures at every point ----------------------------------------------------------------- */

static int ticks_left;

static int
tick(void *arg)
{
	(void)arg;
	return ticks_left >= 0 && ticks_left-- == 0;
}

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
	levels.level_entries = 1000; /* so that each level has too many */
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
	assert_true(failed >= 9); /* the blob, and two for each filter */
	add_range(1, 20000);
	/* Its memory is allocated when needed: begin without any. */
	dedup_levels_close(&levels);
	assert_int_equal(dedup_levels_open(&levels, LEVEL_1, &e), 0);
	load();
	for (failed = 0; put_fails(90000, -1, failed); failed++)
		;
	assert_true(failed >= 2);
	check_file(20000);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_entry_is_found_at_every_level),
		TEST(one_call_writes_few_rows),
		TEST(entries_that_come_again_are_kept_once),
		TEST(entries_of_one_key_are_all_asked),
		TEST(what_retention_removed_leaves_the_levels),
		TEST(all_may_go),
		TEST(a_rollback_forgets_what_was_moved),
		TEST(a_call_that_fails_anywhere_changes_nothing),
		TEST(memory_may_fail_anywhere),
	};

	return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
