/*
 * Small levels in their own file, for tests: events are stored with their entries, and the tests
 * look up every entry.
 */
#ifndef UNIT_OUTBOX_DEDUP_LEVELS_FIXTURE_H
#define UNIT_OUTBOX_DEDUP_LEVELS_FIXTURE_H

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

static inline void
sql(const char *text)
{
	struct err e;

	if (db_exec(&db, text, &e) != 0)
		fail_msg("%s: %s", text, e.text);
}

static inline int64_t
number(const char *text)
{
	int64_t n = -1;

	assert_int_equal(db_exec_int(&db, text, &n, NULL), 0);
	return n;
}

static inline void
load(void)
{
	struct err e;

	if (dedup_levels_load(&levels, &db, &e) != 0)
		fail_msg("%s", e.text);
}

static inline int
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

static inline int
tear_down(void **state)
{
	(void)state;
	dedup_levels_close(&levels);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

static inline struct slice
id_text(char text[32], int64_t n)
{
	snprintf(text, 32, "message-%lld", (long long)n);
	return slice_from(text);
}

static inline uint64_t
key_of(int64_t n)
{
	char text[32];

	return dedup_key_of(&secret, SITE, id_text(text, n));
}

static inline int
put(uint64_t bucket, struct err *e)
{
	dedup_entries_sort(waiting[bucket], n_waiting[bucket]);
	return dedup_levels_put(&levels, &db, bucket, waiting[bucket], n_waiting[bucket], e);
}

static inline void
put_well(uint64_t bucket)
{
	struct err e;

	if (put(bucket, &e) != 0)
		fail_msg("%s", e.text);
	n_waiting[bucket] = 0;
}

/* Stores an event and its entry; buckets are written at varying sizes. */
static inline void
add(int64_t n)
{
	char text[32];
	struct err e;
	uint64_t key = key_of(n), bucket = key >> (DEDUP_KEY_BITS - DEDUP_ROOT_BITS);

	assert_int_equal(stmt_event_add(&db,
			     &(struct stmt_event_add){ .event_id = n,
				 .site_id = SITE,
				 .message_id = id_text(text, n),
				 .kind = SLICE("track") },
			     &e),
	    0);
	waiting[bucket][n_waiting[bucket]++] = dedup_entry(key, n);
	if (n_waiting[bucket] >= 5 + bucket % 4)
		put_well(bucket);
}

static inline void
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
static inline int64_t
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

static inline int64_t
entries_in_file(void)
{
	return number("SELECT coalesce(sum(length(entries)), 0) / 8 FROM dedup_bucket");
}

/* Checks that counts agree, buckets are sorted, and each has only its own entries. */
static inline void
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

#endif
