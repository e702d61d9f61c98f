/*
 * Blocks of messageIds: the view `messages` finds every event by its messageId with few reads, for
 * any texts and in any block.
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rand.h"
#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/write/event_block.h"
#include "outbox/write/message_blocks.h"

#define BLOCK EVENT_BLOCK_EVENTS

static struct tempdir dir;
static struct db db;
static struct message_blocks blocks;

static int64_t
number(const char *text)
{
	int64_t n = -1;
	struct err e;

	if (db_exec_int(&db, text, &n, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	return n;
}

static void
sql(const char *text)
{
	struct err e;

	if (db_exec(&db, text, &e) != 0)
		fail_msg("%s: %s", text, e.text);
}

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	tempdir_make(&dir);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || message_blocks_open(&blocks, &db, 0, &e) != 0)
		return -1;
	sql("PRAGMA synchronous=OFF");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	message_blocks_close(&blocks);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

static void
add(int64_t id, int64_t site, struct slice message_id)
{
	struct err e;

	if (message_blocks_advance(&blocks, id, &e) != 0
	    || stmt_event_add(&db,
		   &(struct stmt_event_add){
		       .event_id = id,
		       .site_id = site,
		       .message_id = message_id,
		       .kind = SLICE("track"),
		   },
		   &e)
		   != 0
	    || stmt_delivery_add(&db,
		   &(struct stmt_delivery_add){
		       .event_id = id, .site_id = site, .status = "pending" },
		   &e)
		   != 0)
		fail_msg("%s", e.text);
	message_blocks_add(&blocks, &(struct event_block_event){ .event_id = id }, message_id);
}

static void
add_range(int64_t from, int64_t to)
{
	char text[32];

	sql("BEGIN IMMEDIATE");
	for (int64_t id = from; id <= to; id++) {
		snprintf(text, sizeof(text), "order-%lld", (long long)id);
		add(id, 1, slice_from(text));
	}
	sql("COMMIT");
}

/* Returns how many events the view has for this text, and the sum of their ids. */
static void
find(struct slice text, int64_t *ret_n, int64_t *ret_sum)
{
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_prepare_v2(db.handle,
			     "SELECT count(*), coalesce(sum(event_id), 0) FROM messages"
			     " WHERE message_id = ?1",
			     -1, &stmt, NULL),
	    SQLITE_OK);
	sqlite3_bind_text(stmt, 1, text.p, (int)text.n, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	*ret_n = sqlite3_column_int64(stmt, 0);
	*ret_sum = sqlite3_column_int64(stmt, 1);
	sqlite3_finalize(stmt);
}

static void
assert_found(int64_t id, bool there)
{
	char text[32];
	int64_t n, sum;

	snprintf(text, sizeof(text), "order-%lld", (long long)id);
	find(slice_from(text), &n, &sum);
	if (n != there || sum != (there ? id : 0))
		fail_msg("%s: %lld events", text, (long long)n);
}

static void
a_block_is_written_with_the_first_event_of_the_next(void **state)
{
	(void)state;
	add_range(1, BLOCK - 1);
	assert_int_equal(number("SELECT count(*) FROM message_chunk"), 0);
	assert_found(1, true);
	assert_found(BLOCK - 1, true);
	add_range(BLOCK, BLOCK);
	/* Only complete blocks are stored. */
	assert_int_equal(number("SELECT count(*) FROM message_chunk"), (BLOCK - 1 + 31) / 32);
	assert_int_equal(number("SELECT max(block) FROM message_chunk"), 0);
	add_range(BLOCK + 1, 3 * BLOCK + 5);
	assert_int_equal(number("SELECT max(block) FROM message_chunk"), 2);
	for (int64_t id = 1; id <= 3 * BLOCK + 5; id += 61)
		assert_found(id, true);
	for (int64_t at = BLOCK; at <= 3 * BLOCK; at += BLOCK)
		for (int64_t id = at - 1; id <= at + 1; id++)
			assert_found(id, true);
	assert_found(3 * BLOCK + 6, false);
	assert_found(0, false);
}

/* The view reads only one row of each complete block, the block that has the messageId, and the
 * newest block. */
static void
the_view_reads_little(void **state)
{
	static const char *const steps[] = {
		"SEARCH c USING INDEX message_chunk_first (block=? AND first=?)",
		"SEARCH x USING COVERING INDEX message_chunk_first (block=? AND first<?)",
		"SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
		"SEARCH event USING INTEGER PRIMARY KEY (rowid>?)",
	};
	struct buf text;
	const char *plan;
	sqlite3_stmt *stmt;

	(void)state;
	assert_int_equal(sqlite3_prepare_v2(db.handle,
			     "EXPLAIN QUERY PLAN SELECT * FROM messages WHERE message_id = 'x'", -1,
			     &stmt, NULL),
	    SQLITE_OK);
	buf_init(&text, 65536);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		buf_printf(&text, "%s\n", (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	plan = buf_slice(&text).p;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strstr(plan, steps[i]) == NULL)
			fail_msg("no \"%s\" in:\n%s", steps[i], plan);
	assert_null(strstr(plan, "AUTOMATIC"));
	/* The row is chosen before any event is read. */
	assert_true(strstr(plan, steps[0]) < strstr(plan, steps[2]));
	buf_free(&text);
}

/* Compares with a model: texts that contain each other, line ends, and equal texts at several
 * sites. */
static void
any_texts_are_found(void **state)
{
	static char texts[2 * BLOCK + 100][24];
	static size_t lengths[2 * BLOCK + 100];
	static const char letters[] = "aab\n-\"\xc3\xa9z";
	const int64_t last = 2 * BLOCK + 99;
	struct rand rand;

	(void)state;
	rand_seed(&rand, 9);
	sql("BEGIN IMMEDIATE");
	for (int64_t id = 1; id <= last; id++) {
		size_t n = rand_u64(&rand) % 6;

		for (size_t i = 0; i < n; i++)
			texts[id][i] = letters[rand_u64(&rand) % (sizeof(letters) - 1)];
		lengths[id] = n;
		add(id, 1 + id % 5, (struct slice){ texts[id], n });
	}
	sql("COMMIT");
	assert_int_equal(number("SELECT count(DISTINCT block) FROM message_chunk"), 2);
	for (int64_t id = 1; id <= last; id += 7) {
		int64_t n, sum, expected = 0, expected_sum = 0;

		for (int64_t i = 1; i <= last; i++)
			if (lengths[i] == lengths[id]
			    && memcmp(texts[i], texts[id], lengths[i]) == 0) {
				expected++;
				expected_sum += i;
			}
		find((struct slice){ texts[id], lengths[id] }, &n, &sum);
		assert_int_equal(n, expected);
		assert_int_equal(sum, expected_sum);
	}
}

static void
a_block_with_huge_texts_is_read_by_its_events(void **state)
{
	const size_t size = MESSAGE_BLOCK_BYTES / 4;
	char *huge = malloc(size + 1);
	int64_t n, sum;

	(void)state;
	memset(huge, 'h', size + 1);
	/* Exactly at the limit. */
	for (int64_t id = 1; id <= 4; id++)
		add(id, id, (struct slice){ huge, size });
	add(BLOCK, 1, SLICE("next"));
	assert_int_equal(number("SELECT count(*) FROM message_chunk WHERE ids IS NULL"), 0);
	find((struct slice){ huge, size }, &n, &sum);
	assert_int_equal(n, 4);
	/* One byte above the limit. */
	for (int64_t id = BLOCK + 1; id <= BLOCK + 4; id++)
		add(id, id, (struct slice){ huge, id == BLOCK + 4 ? size + 1 : size });
	add(2 * BLOCK, 1, SLICE("last"));
	assert_int_equal(number("SELECT block FROM message_chunk WHERE ids IS NULL"), 1);
	find((struct slice){ huge, size }, &n, &sum);
	assert_int_equal(n, 7);
	find(SLICE("next"), &n, &sum);
	assert_int_equal(sum, BLOCK);
	free(huge);
}

static void
blocks_that_change_are_written_again(void **state)
{
	int64_t changed = 0;
	struct err e;

	(void)state;
	add_range(1, 3 * BLOCK);
	sql("DELETE FROM event WHERE event_id IN (5, 6, 2100)");
	sql("UPDATE event SET message_id = 'order-new' WHERE event_id = 2101");
	assert_int_equal(message_blocks_change(&db, &changed, 5, &e), 0);
	assert_int_equal(message_blocks_change(&db, &changed, 6, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM message_chunk WHERE "
				"instr(ids, char(10) || 'order-5' || char(10))"),
	    1);
	assert_int_equal(message_blocks_change(&db, &changed, 2100, &e), 0);
	assert_int_equal(message_blocks_change(&db, &changed, 2101, &e), 0);
	assert_int_equal(message_blocks_change(&db, &changed, 3 * BLOCK, &e), 0);
	assert_int_equal(message_blocks_change(&db, &changed, 0, &e), 0);
	assert_int_equal(changed, 0);
	/* No text of a removed event is left. */
	assert_int_equal(number("SELECT count(*) FROM message_chunk WHERE "
				"instr(ids, char(10) || 'order-5' || char(10)) OR instr(ids, "
				"'order-2100') OR instr(ids, 'order-2101')"),
	    0);
	assert_int_equal(
	    number("SELECT event_id FROM messages WHERE message_id = 'order-new'"), 2101);
	assert_found(7, true);
	/* The newest block was not complete, so it is not written. */
	assert_int_equal(number("SELECT max(block) FROM message_chunk"), 2);
	/* A block without events has no rows. */
	sql("DELETE FROM event WHERE event_id < 2048");
	assert_int_equal(message_blocks_change(&db, &changed, 7, &e), 0);
	assert_int_equal(message_blocks_change(&db, &changed, 0, &e), 0);
	assert_int_equal(number("SELECT min(block) FROM message_chunk"), 1);
	assert_found(3000, true);
}

static void
start_again(int64_t last_event_id)
{
	struct err e;

	message_blocks_close(&blocks);
	assert_int_equal(message_blocks_open(&blocks, &db, last_event_id, &e), 0);
}

/* A block that was partly stored before a start, or changed since, is complete all the same. */
static void
the_newest_block_is_read_again(void **state)
{
	(void)state;
	add_range(1, 100);
	start_again(100);
	add_range(101, 200);
	sql("UPDATE event SET message_id = 'order-new' WHERE event_id = 150");
	message_blocks_forget(&blocks, 150);
	add_range(201, BLOCK - 1);
	/* A change in an older block forgets nothing. */
	start_again(BLOCK - 1);
	add_range(BLOCK, BLOCK + 5);
	sql("UPDATE event SET message_id = 'order-new' WHERE event_id = 2049");
	message_blocks_forget(&blocks, BLOCK - 1);
	add_range(BLOCK + 6, 2 * BLOCK);
	assert_int_equal(
	    number("SELECT event_id FROM messages WHERE message_id = 'order-new'"), 150);
	for (int64_t id = 1; id <= 2 * BLOCK; id += 33)
		assert_found(id, true);
	assert_found(100, true);
	assert_found(101, true);
	assert_found(150, false);
	assert_found(200, true);
	assert_int_equal(number("SELECT sum(events) FROM event_block"), 2 * BLOCK - 1);
}

/* Manual changes can leave gaps between ids. They must leave no block behind. */
static void
a_start_catches_up(void **state)
{
	(void)state;
	add_range(1, 100);
	start_again(100);
	assert_int_equal(number("SELECT count(*) FROM message_chunk"), 0);
	start_again(3000000);
	assert_int_equal(number("SELECT max(block) FROM message_chunk"), 0);
	start_again(3000000);
	add(3000001, 1, SLICE("far"));
	assert_found(100, true);
	assert_int_equal(number("SELECT event_id FROM messages WHERE message_id = 'far'"), 3000001);
}

static int ticks_left;

static int
tick(void *arg)
{
	(void)arg;
	return ticks_left >= 0 && ticks_left-- == 0;
}

static void
failures_are_reported(void **state)
{
	struct err e;
	int failed = 0;

	(void)state;
	add_range(1, BLOCK - 1);
	sqlite3_progress_handler(db.handle, 500, tick, NULL);
	for (int rc = -1; rc != 0; failed++) {
		sql("BEGIN IMMEDIATE");
		ticks_left = failed;
		rc = message_blocks_advance(&blocks, BLOCK, &e);
		ticks_left = -1;
		assert_int_equal(db_rollback(&db), 0);
		/* Alternately from memory and from the events. */
		if (failed % 2 == 1)
			message_blocks_forget(&blocks, INT64_MAX);
		assert_int_equal(number("SELECT count(*) FROM message_chunk"), 0);
	}
	assert_true(failed > 10);
	sqlite3_progress_handler(db.handle, 0, NULL, NULL);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_block_is_written_with_the_first_event_of_the_next),
		TEST(the_view_reads_little),
		TEST(any_texts_are_found),
		TEST(a_block_with_huge_texts_is_read_by_its_events),
		TEST(blocks_that_change_are_written_again),
		TEST(the_newest_block_is_read_again),
		TEST(a_start_catches_up),
		TEST(failures_are_reported),
	};

	return cmocka_run_group_tests_name("message_blocks", tests, NULL, NULL);
}
