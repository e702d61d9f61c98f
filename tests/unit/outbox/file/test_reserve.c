/* Space set aside: the file is long enough for its WAL, and the ballast comes and goes. */
#include "lib/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/tempdir.h"
#include "outbox/file/files.h"
#include "outbox/file/reserve.h"
#include "outbox/file/space.h"

static struct tempdir dir;
static char ballast[sizeof(dir.file) + 16];

static int
set_up(void **state)
{
	(void)state;
	tempdir_make(&dir);
	snprintf(ballast, sizeof(ballast), "%s.ballast", dir.file);
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
open_db(struct db *db)
{
	struct err e;

	assert_int_equal(db_open(db, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(db, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL;", &e), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE t (x)", &e), 0);
}

/* SQLite's library writes by this. */
static int single_bytes;

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	single_bytes += n == 1;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

static uint64_t
allocated(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static void
the_file_is_as_long_as_the_wal_needs(void **state)
{
	int64_t bytes;
	struct db db;
	struct err e;

	(void)state;
	open_db(&db);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(
		    db_exec(&db, "BEGIN; INSERT INTO t VALUES (randomblob(100000))", &e), 0);
		assert_int_equal(reserve_commit(&db, &e), 0);
		assert_int_equal(stmt_database_bytes(&db, &bytes, &e), 1);
		assert_true(space_size(dir.file) >= (uint64_t)bytes);
		assert_true(allocated(dir.file) >= (uint64_t)bytes);
	}
	assert_true(bytes > 4000000);
	assert_int_equal(db_close(&db, &e), 0);
}

/* To write a byte into each block is SQLite's way, when it has no better one. */
static void
the_file_grows_without_writes(void **state)
{
	struct db db;
	struct err e;

	(void)state;
	open_db(&db);
	single_bytes = 0;
	assert_int_equal(db_exec(&db, "BEGIN; INSERT INTO t VALUES (randomblob(900000))", &e), 0);
	assert_int_equal(reserve_commit(&db, &e), 0);
	assert_int_equal(single_bytes, 0);
	assert_true(reserve_try_growth(&db, 3 * RESERVE_CHUNK));
	assert_int_equal(single_bytes, 0);
	/* Without SQLite's descriptor the file still grows. */
	db.file = 0;
	assert_true(reserve_try_growth(&db, 9 * RESERVE_CHUNK));
	assert_true(single_bytes > 0);
	assert_true(space_size(dir.file) >= 9 * RESERVE_CHUNK);
	assert_int_equal(db_close(&db, &e), 0);
}

static void
only_a_file_that_is_open_for_writing_is_found(void **state)
{
	char other[sizeof(dir.file) + 8];
	struct db db;
	int fd;

	(void)state;
	snprintf(other, sizeof(other), "%s.other", dir.file);
	assert_int_equal(files_find_open(dir.file), 0);
	open_db(&db);
	fd = files_find_open(dir.file);
	assert_int_equal(fd, db.file);
	assert_true(fd > STDERR_FILENO);
	assert_int_equal(db_close(&db, NULL), 0);
	assert_int_equal(files_find_open(dir.file), 0);
	fd = open(dir.file, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(files_find_open(dir.file), 0);
	close(fd);
	assert_int_equal(files_find_open(other), 0);
}

/* A limit on the size of files stands for the full disk. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_file_that_cannot_grow_takes_no_commit(void **state)
{
	int64_t n = -1;
	struct db db;
	struct err e;

	(void)state;
	open_db(&db);
	limit_files(RESERVE_CHUNK + 100000);
	assert_int_equal(db_exec(&db, "BEGIN; INSERT INTO t VALUES (randomblob(300000))", &e), 0);
	assert_int_equal(reserve_commit(&db, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_int_equal(db_rollback(&db), 0);
	limit_files(RLIM_INFINITY);
	assert_int_equal(db_exec_int(&db, "SELECT count(*) FROM t", &n, &e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(db_close(&db, &e), 0);
}

static void
the_ballast_comes_and_goes(void **state)
{
	struct err e;

	(void)state;
	assert_false(reserve_has_ballast(dir.file));
	assert_false(reserve_give_up_ballast(dir.file));
	assert_int_equal(reserve_make_ballast(dir.file, &e), 0);
	assert_true(reserve_has_ballast(dir.file));
	assert_true(allocated(ballast) >= RESERVE_BYTES);
	assert_int_equal(reserve_make_ballast(dir.file, &e), 0);
	assert_true(reserve_give_up_ballast(dir.file));
	assert_false(reserve_has_ballast(dir.file));
	assert_int_not_equal(access(ballast, F_OK), 0);
}

static void
a_short_ballast_does_not_count(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(reserve_make_ballast(dir.file, &e), 0);
	assert_int_equal(truncate(ballast, (off_t)RESERVE_BYTES - 1), 0);
	assert_false(reserve_has_ballast(dir.file));
	assert_int_equal(reserve_make_ballast(dir.file, &e), 0);
	assert_true(reserve_has_ballast(dir.file));
}

static void
a_ballast_without_space_leaves_nothing_behind(void **state)
{
	struct err e;

	(void)state;
	limit_files(RESERVE_BYTES - 1);
	assert_int_equal(reserve_make_ballast(dir.file, &e), -1);
	limit_files(RLIM_INFINITY);
	assert_non_null(strstr(e.text, ballast));
	assert_int_not_equal(access(ballast, F_OK), 0);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_as_long_as_the_wal_needs),
		TEST(the_file_grows_without_writes),
		TEST(only_a_file_that_is_open_for_writing_is_found),
		TEST(a_file_that_cannot_grow_takes_no_commit),
		TEST(the_ballast_comes_and_goes),
		TEST(a_short_ballast_does_not_count),
		TEST(a_ballast_without_space_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
