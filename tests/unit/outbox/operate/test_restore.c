/* What outbox_restore refuses changes nothing; and how the former database is named. */
#include "lib/unit.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outbox/file/lock.h"
#include "outbox/operate/restore.h"
#include "unit/outbox/handmade.h"

#define NOW INT64_C(1500)
#define ASIDE "before-19700101T000001Z"
#define ASIDE_MAX 99 /* names */

static struct handmade box; /* the backup */
static char present[PATH_MAX];

static int
set_up(void **state)
{
	(void)state;
	handmade_create(&box);
	snprintf(present, sizeof(present), "%s/present.db", box.folder);
	for (int64_t id = 1; id <= 3; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	return 0;
}

static void
remove_all(const char *pattern)
{
	char path[PATH_MAX + 32];
	glob_t found;

	snprintf(path, sizeof(path), "%s/%s", box.folder, pattern);
	if (glob(path, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	globfree(&found);
}

static int
tear_down(void **state)
{
	(void)state;
	remove_all("present.db*");
	handmade_remove(&box);
	return 0;
}

static size_t
count_files(const char *pattern)
{
	char path[PATH_MAX + 32];
	glob_t found;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", box.folder, pattern);
	n = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return n;
}

static int64_t
events_in(const char *path)
{
	struct err e = { 0 };
	int64_t n = -1;
	struct db db;

	if (db_open(&db, path, DB_READ, &e) != 0
	    || db_exec_int(&db, "SELECT count(*) FROM event", &n, &e) != 0)
		fail_msg("%s: %s", path, e.text);
	db_close(&db, NULL);
	return n;
}

static int
restore(struct restore_report *report, struct err *e)
{
	*report = (struct restore_report){ 0 };
	*e = (struct err){ 0 };
	return outbox_restore(present, box.path, NOW, report, e);
}

static void
restore_well(struct restore_report *report)
{
	struct err e;

	if (restore(report, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(report->events, events_in(present));
}

/* The present database is as it was, and nothing else is beside it. */
static void
is_refused(const char *why)
{
	struct restore_report report;
	int64_t before = events_in(present);
	size_t files = count_files("present.db.before*");
	struct err e;

	assert_int_equal(restore(&report, &e), -1);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s: not %s", e.text, why);
	assert_int_equal(events_in(present), before);
	assert_int_equal(count_files("present.db.before*"), files);
	assert_int_equal(count_files("present.db.restoring*"), 0);
}

static void
newer_events_are_counted(void **state)
{
	struct restore_report report;

	(void)state;
	handmade_event(&box, 4, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	handmade_event(&box, 5, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	restore_well(&report);
	assert_string_equal(report.aside, "");
	handmade_sql(&box, "DELETE FROM event WHERE event_id > 3");
	restore_well(&report);
	assert_int_equal(report.events, 3);
	assert_false(report.unreadable);
	assert_int_equal(report.newer, 2);
	assert_int_equal(report.first_id, 4);
	assert_int_equal(report.last_id, 5);
	assert_int_equal(report.first_at, 4000);
	assert_int_equal(report.last_at, 5000);
	assert_non_null(strstr(report.aside, "present.db." ASIDE));
	assert_int_equal(events_in(report.aside), 5);
}

static void
a_backup_that_is_none_is_refused(void **state)
{
	struct restore_report report;
	char version[64];

	(void)state;
	restore_well(&report);
	handmade_sql(&box, "PRAGMA user_version = 0");
	is_refused("is not a bentospool database");
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", SCHEMA_VERSION + 1);
	handmade_sql(&box, version);
	is_refused("newer bentospool");
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", SCHEMA_VERSION);
	handmade_sql(&box, version);
	handmade_sql(&box, "ALTER TABLE event RENAME TO other");
	is_refused("cannot be restored, and nothing was changed");
}

/* The daemon brings an older one to its version when it starts. */
static void
an_older_backup_is_restored(void **state)
{
	struct restore_report report;

	(void)state;
	handmade_sql(&box, "PRAGMA user_version = 1");
	restore_well(&report);
	assert_int_equal(report.events, 3);
}

static void
the_database_itself_is_refused(void **state)
{
	struct restore_report report;
	struct err e;

	(void)state;
	assert_int_equal(outbox_restore(box.path, box.path, NOW, &report, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "is the database itself"));
	remove_all("spool.db.lock");
}

static void
a_database_in_use_is_refused(void **state)
{
	struct restore_report report;
	struct err e;
	int fd;

	(void)state;
	restore_well(&report);
	assert_int_equal(lock_take(present, &fd, &e), 0);
	assert_int_equal(restore(&report, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	lock_release(fd);
	restore_well(&report);
}

/* Within one second, the former databases get numbers, up to a limit. */
static void
former_databases_are_numbered(void **state)
{
	struct restore_report report;
	char name[PATH_MAX + 64];

	(void)state;
	restore_well(&report);
	for (int i = 1; i < ASIDE_MAX; i++) {
		FILE *file;

		if (i == 1)
			snprintf(name, sizeof(name), "%s." ASIDE, present);
		else
			snprintf(name, sizeof(name), "%s." ASIDE "-%d", present, i);
		file = fopen(name, "wbx");
		assert_non_null(file);
		fclose(file);
	}
	restore_well(&report);
	snprintf(name, sizeof(name), "%s." ASIDE "-%d", present, ASIDE_MAX);
	assert_string_equal(report.aside, name);
	is_refused("exists: remove it");
	assert_int_equal(unlink(name), 0);
	restore_well(&report);
	assert_string_equal(report.aside, name);
}

/* What is no database goes aside as it is. */
static void
a_damaged_database_is_set_aside(void **state)
{
	struct restore_report report;
	FILE *file = fopen(present, "wb");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fputs("no database", file) < 0, 0);
	assert_int_equal(fclose(file), 0);
	restore_well(&report);
	assert_true(report.unreadable);
	assert_int_equal(report.newer, 0);
	assert_int_equal(events_in(present), 3);
	file = fopen(report.aside, "rb");
	assert_non_null(file);
	assert_int_equal(fgetc(file), 'n');
	fclose(file);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(newer_events_are_counted),
		TEST(a_backup_that_is_none_is_refused),
		TEST(an_older_backup_is_restored),
		TEST(the_database_itself_is_refused),
		TEST(a_database_in_use_is_refused),
		TEST(former_databases_are_numbered),
		TEST(a_damaged_database_is_set_aside),
	};

	return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
