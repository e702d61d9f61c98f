/*
 * An upgrade that is killed at every write, truncation and sync in turn: the next start completes
 * it, a copy that has its name is whole, and no part of a copy stays.
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/faulty_vfs.h"
#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"

#define FORMATS 3
#define ROWS 60

static const char *formats[FORMATS];
static struct tempdir dir;
static char copy_1[sizeof(dir.file) + 16], copy_2[sizeof(dir.file) + 16];
static char part_1[sizeof(dir.file) + 16], part_2[sizeof(dir.file) + 16];
static int doings; /* calls of note_doing */

static int
set_up(void **state)
{
	(void)state;
	formats[0] = schema_migrations[0];
	formats[1] = "CREATE TABLE second (a TEXT) STRICT;"
		     "INSERT INTO second SELECT body FROM event;";
	formats[2] = "UPDATE second SET a = a || 'x';"
		     "CREATE TABLE third (a TEXT) STRICT;";
	tempdir_make(&dir);
	snprintf(copy_1, sizeof(copy_1), "%s.v1", dir.file);
	snprintf(copy_2, sizeof(copy_2), "%s.v2", dir.file);
	snprintf(part_1, sizeof(part_1), "%s.v1.part", dir.file);
	snprintf(part_2, sizeof(part_2), "%s.v2.part", dir.file);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

static void
note_doing(void *arg, const char *doing)
{
	(void)arg;
	if (strstr(doing, dir.file) != NULL)
		doings++;
}

static int
migrate(int n, struct err *e)
{
	struct db db;
	int rc;

	if (migrate_check_file(dir.file, e) != 0 || db_open(&db, dir.file, DB_WRITE, e) != 0)
		return -1;
	db_watch_long(&db, note_doing, NULL);
	rc = migrate_run(&db, dir.file, formats, n, e);
	if (rc == 0 && n == 1)
		rc = db_exec(&db,
		    "INSERT INTO site (name) VALUES ('s');"
		    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
		    "INSERT INTO event (site_id, message_id, kind, occurred_at, received_at, body, "
		    "checksum)"
		    " SELECT 1, 'm' || i, 'track', 1, 1, hex(randomblob(700)), 1 FROM n;",
		    e);
	db_close(&db, NULL);
	return rc;
}

/* Forks before SQLite has opened anything (doc/sqlite.md). Returns the child's exit status. */
static int
upgrade_in_child(int die_at)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct err e;

		faulty_vfs_install();
		faulty_vfs_fail_at(die_at, FAULTY_VFS_DIE, true);
		_exit(migrate(FORMATS, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int64_t
number(const char *path, const char *sql)
{
	struct db db;
	struct err e;
	int64_t n = -1;

	if (db_open(&db, path, DB_READ, &e) != 0 || db_exec_int(&db, sql, &n, &e) != 0)
		fail_msg("%s: %s: %s", path, sql, e.text);
	db_close(&db, NULL);
	return n;
}

/* A copy is either absent or whole. */
static void
check_copy(const char *path, int64_t version)
{
	if (access(path, F_OK) != 0)
		return;
	assert_int_equal(number(path, "PRAGMA user_version"), version);
	assert_int_equal(number(path, "SELECT count(*) FROM event"), ROWS);
	assert_int_equal(
	    number(
		path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
	    1);
}

static void
check_upgraded(void)
{
	assert_int_equal(number(dir.file, "PRAGMA user_version"), FORMATS);
	assert_int_equal(number(dir.file, "SELECT count(*) FROM event"), ROWS);
	assert_int_equal(number(dir.file, "SELECT count(*) FROM second WHERE a LIKE '%x'"), ROWS);
	assert_int_equal(number(dir.file, "SELECT count(*) FROM third"), 0);
	assert_int_equal(access(copy_1, F_OK), 0);
	check_copy(copy_1, 1);
	check_copy(copy_2, 2);
	assert_int_not_equal(access(part_1, F_OK), 0);
	assert_int_not_equal(access(part_2, F_OK), 0);
}

static void
clean(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".v1", ".v2",
		".v1.part", ".v2.part" };
	char path[sizeof(dir.file) + 16];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", dir.file, suffixes[i]);
		unlink(path);
	}
}

static void
make_first(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct err e;

		_exit(migrate(1, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
killed_at_every_step_it_starts_again(void **state)
{
	int rc = FAULTY_VFS_DIED, points = 0;

	(void)state;
	for (int at = 1; rc == FAULTY_VFS_DIED; at++) {
		make_first();
		rc = upgrade_in_child(at);
		check_copy(copy_1, 1);
		check_copy(copy_2, 2);
		if (rc == FAULTY_VFS_DIED) {
			assert_int_equal(upgrade_in_child(0), 0);
			points++;
		}
		check_upgraded();
		clean();
	}
	assert_int_equal(rc, 0);
	assert_true(points > 50);
}

static void
a_part_of_an_abandoned_upgrade_is_removed(void **state)
{
	struct err e;
	FILE *f;

	(void)state;
	make_first();
	f = fopen(part_1, "w");
	assert_non_null(f);
	fputs("not a database", f);
	fclose(f);
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
	assert_int_equal(upgrade_in_child(0), 0);
	check_upgraded();
	clean();
}

static void
an_older_copy_is_replaced(void **state)
{
	FILE *f;

	(void)state;
	make_first();
	f = fopen(copy_1, "w");
	assert_non_null(f);
	fputs("of long ago", f);
	fclose(f);
	assert_int_equal(upgrade_in_child(0), 0);
	check_upgraded();
	clean();
}

static void
it_says_what_takes_long(void **state)
{
	struct err e;

	(void)state;
	make_first();
	doings = 0;
	assert_int_equal(migrate(FORMATS, &e), 0);
	/* the copy, and each format */
	assert_int_equal(doings, FORMATS);
	assert_int_equal(migrate(FORMATS, &e), 0);
	assert_int_equal(doings, FORMATS);
	clean();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_every_step_it_starts_again),
		cmocka_unit_test(a_part_of_an_abandoned_upgrade_is_removed),
		cmocka_unit_test(an_older_copy_is_replaced),
		cmocka_unit_test(it_says_what_takes_long),
	};

	return cmocka_run_group_tests_name("upgrade killed", tests, set_up, tear_down);
}
