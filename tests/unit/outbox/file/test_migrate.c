/* migrate: creates the file, and refuses newer and foreign files without changing them. */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/read/reader.h"

static struct tempdir dir;

static int
set_up(void **state)
{
	(void)state;
	tempdir_make(&dir);
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
write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static size_t
read_file(const char *path, char *to, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, room, f);
	fclose(f);
	return n;
}

static int
migrate(const char *const *migrations, int n, struct err *e)
{
	struct db db;
	int rc;

	if (migrate_check_file(dir.file, e) != 0)
		return -1;
	assert_int_equal(db_open(&db, dir.file, DB_WRITE, e), 0);
	rc = migrate_run(&db, dir.file, migrations, n, e);
	assert_int_equal(db_close(&db, NULL), 0);
	return rc;
}

static void
new_and_empty_files_are_ours(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
	write_file(dir.file, "", 0);
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), 0);
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
	/* a second start changes nothing */
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), 0);
}

static void
text_file_is_refused_untouched(void **state)
{
	static const char text[] =
	    "These are my notes, and no database at all. Please leave them be, "
	    "all of them, in this and in every other line of this file.";
	char after[256];
	struct outbox_reader *r;
	struct err e;

	(void)state;
	write_file(dir.file, text, sizeof(text));
	assert_int_equal(migrate_check_file(dir.file, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "not a bentospool database"));
	assert_int_equal(outbox_reader_open(dir.file, &r, &e), -1);
	assert_non_null(strstr(e.text, "not a bentospool database"));
	assert_int_equal(read_file(dir.file, after, sizeof(after)), sizeof(text));
	assert_memory_equal(after, text, sizeof(text));
}

static void
a_database_with_two_names_is_refused(void **state)
{
	char second[PATH_MAX + 32];
	struct err e;

	(void)state;
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), 0);
	snprintf(second, sizeof(second), "%s.second", dir.file);
	assert_int_equal(link(dir.file, second), 0);
	assert_int_equal(migrate_check_file(dir.file, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "has 2 names"));
	assert_int_equal(unlink(second), 0);
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
}

static void
a_backup_beside_the_wal_of_another_file_is_refused(void **state)
{
	char copy[PATH_MAX + 32], wal[PATH_MAX + 32];
	struct db db;
	struct err e;

	(void)state;
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), 0);
	snprintf(copy, sizeof(copy), "%s.copy", dir.file);
	snprintf(wal, sizeof(wal), "%s-wal", dir.file);
	assert_int_equal(db_open(&db, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_copy(&db, copy, &e), 0);
	assert_int_equal(db_close(&db, NULL), 0);
	write_file(wal, "the head of a WAL is as long as: 32", 33);
	assert_int_equal(migrate_check_file(dir.file, &e), 0); /* its own WAL */
	assert_int_equal(rename(copy, dir.file), 0);
	assert_int_equal(migrate_check_file(dir.file, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "-wal belongs to a database that"));
	write_file(wal, "the head of a WAL is as long as: 32", 32); /* no frame */
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
	write_file(wal, "", 0); /* empty: nothing to replay */
	assert_int_equal(migrate_check_file(dir.file, &e), 0);
}

static void
foreign_database_is_refused_untouched(void **state)
{
	static char before[65536], after[65536];
	sqlite3 *handle;
	struct err e;
	size_t n;

	(void)state;
	assert_int_equal(sqlite3_open(dir.file, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	n = read_file(dir.file, before, sizeof(before));
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(read_file(dir.file, after, sizeof(after)), n);
	assert_memory_equal(before, after, n);
}

static void
newer_file_is_refused(void **state)
{
	struct outbox_reader *r;
	struct db db;
	struct err e;

	(void)state;
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), 0);
	assert_int_equal(db_open(&db, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "PRAGMA user_version=99", &e), 0);
	db_close(&db, NULL);
	assert_int_equal(migrate(schema_migrations, SCHEMA_VERSION, &e), -1);
	assert_non_null(strstr(e.text, "newer bentospool"));
	assert_int_equal(outbox_reader_open(dir.file, &r, &e), -1);
	assert_non_null(strstr(e.text, "newer bentospool"));
}

static void
older_file_is_copied_and_migrated(void **state)
{
	const char *steps[] = { schema_migrations[0], "CREATE TABLE later (a INTEGER) STRICT" };
	char copy[sizeof(dir.file) + 8];
	struct db db;
	struct err e;
	int64_t n;

	(void)state;
	assert_int_equal(migrate(steps, 1, &e), 0);
	assert_int_equal(migrate(steps, 2, &e), 0);
	assert_int_equal(db_open(&db, dir.file, DB_READ, &e), 0);
	db_exec_int(&db, "PRAGMA user_version", &n, &e);
	assert_int_equal(n, 2);
	db_exec_int(&db, "SELECT count(*) FROM later", &n, &e);
	db_close(&db, NULL);
	snprintf(copy, sizeof(copy), "%s.v1", dir.file);
	assert_int_equal(access(copy, F_OK), 0);
	assert_int_equal(db_open(&db, copy, DB_READ, &e), 0);
	db_exec_int(&db, "PRAGMA user_version", &n, &e);
	assert_int_equal(n, 1);
	db_close(&db, NULL);
}

static void
failed_migration_leaves_the_version_before(void **state)
{
	const char *steps[] = { schema_migrations[0],
		"CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE site (b INTEGER)" };
	struct db db;
	struct err e;
	int64_t n;

	(void)state;
	assert_int_equal(migrate(steps, 1, &e), 0);
	assert_int_equal(migrate(steps, 2, &e), -1);
	assert_non_null(strstr(e.text, "migration 2"));
	assert_int_equal(db_open(&db, dir.file, DB_READ, &e), 0);
	db_exec_int(&db, "PRAGMA user_version", &n, &e);
	assert_int_equal(n, 1);
	db_exec_int(&db, "SELECT count(*) FROM sqlite_master WHERE name = 'half'", &n, &e);
	assert_int_equal(n, 0);
	db_close(&db, NULL);
}

static void
missing_file_is_not_made_by_a_reader(void **state)
{
	struct outbox_reader *r;
	struct err e;

	(void)state;
	assert_int_equal(outbox_reader_open(dir.file, &r, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_int_equal(access(dir.file, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(new_and_empty_files_are_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(text_file_is_refused_untouched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_database_with_two_names_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_backup_beside_the_wal_of_another_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    foreign_database_is_refused_untouched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(newer_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    older_file_is_copied_and_migrated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    failed_migration_leaves_the_version_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    missing_file_is_not_made_by_a_reader, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
