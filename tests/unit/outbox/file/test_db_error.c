/* outbox/file/db_error: a file that the disk does not give is not called malformed. */
#include "lib/unit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outbox/file/db.h"
#include "unit/outbox/handmade.h"

static struct handmade box;
static int reading_fails; /* an errno */

/* SQLite calls one of these. */
static ssize_t
fail_or_pread(int fd, void *to, size_t n, off_t at)
{
	errno = reading_fails;
	return reading_fails != 0 ? -1 : pread(fd, to, n, at);
}

static ssize_t
fail_or_read(int fd, void *to, size_t n)
{
	errno = reading_fails;
	return reading_fails != 0 ? -1 : read(fd, to, n);
}

static void
replace(const char *name, sqlite3_syscall_ptr call)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	(void)vfs->xSetSystemCall(vfs, name, call);
}

static int
set_up(void **state)
{
	(void)state;
	handmade_create(&box);
	replace("pread", (sqlite3_syscall_ptr)fail_or_pread);
	replace("pread64", (sqlite3_syscall_ptr)fail_or_pread);
	replace("read", (sqlite3_syscall_ptr)fail_or_read);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	reading_fails = 0;
	replace(NULL, NULL);
	handmade_remove(&box);
	return 0;
}

static void
read_with(int error, struct err *e)
{
	struct db db;

	assert_int_equal(db_open(&db, box.path, DB_READ, e), 0);
	assert_int_equal(db_exec(&db, "PRAGMA shrink_memory", e), 0);
	reading_fails = error;
	assert_int_equal(db_exec(&db, "SELECT count(*) FROM event", e), -1);
	reading_fails = 0;
	db_close(&db, NULL);
}

static void
a_disk_that_does_not_give_a_page_is_named(void **state)
{
	static const int errors[] = { EIO, ENXIO };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		read_with(errors[i], &e);
		assert_int_equal(e.code, ERR_IO);
		assert_non_null(strstr(e.text, "cannot read the file: "));
		assert_non_null(strstr(e.text, strerror(errors[i])));
		assert_null(strstr(e.text, "malformed"));
	}
}

static void
a_file_that_can_be_read_and_is_damaged_is_malformed(void **state)
{
	static const char zeros[100000];
	struct db db;
	struct err e;
	FILE *file;

	(void)state;
	handmade_sql(&box, "PRAGMA wal_checkpoint(TRUNCATE)");
	file = fopen(box.path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 8192, SEEK_SET), 0);
	assert_int_equal(fwrite(zeros, sizeof(zeros), 1, file), 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(db_open(&db, box.path, DB_READ, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "malformed"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_disk_that_does_not_give_a_page_is_named),
		TEST(a_file_that_can_be_read_and_is_damaged_is_malformed),
	};

	return cmocka_run_group_tests_name("db_error", tests, NULL, NULL);
}
