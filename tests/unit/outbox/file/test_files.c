/* outbox/file: what files, lock, part and space refuse, and what they leave behind then. */
#include "lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tempdir.h"
#include "outbox/file/files.h"
#include "outbox/file/lock.h"
#include "outbox/file/part.h"
#include "outbox/file/space.h"

#define NOBODY 65534

static struct tempdir dir;
static char path[PATH_MAX + 32]; /* of a file in the directory */
static char too_long[PATH_MAX + 64];
static struct err e;

static int
set_up(void **state)
{
	(void)state;
	tempdir_make(&dir);
	snprintf(path, sizeof(path), "%s/spool.db", dir.path);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[0] = '/';
	e = (struct err){ 0 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

static const char *
beside(const char *suffix)
{
	static char names[4][PATH_MAX + 64];
	static unsigned next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "%s%s", path, suffix);
	return name;
}

static void
write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
expect_text(const char *words)
{
	if (strstr(e.text, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, e.text);
}

/* ---- files that are replaced ------------------------------------------------------------------
 */

static void
replaced_files_are_noticed(void **state)
{
	struct files files = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *const names[] = { "", "-wal", "-shm" };

		if (i > 0)
			write_file(beside(names[i - 1]), "x");
		assert_int_equal(files_note(&files, path, &e), -1);
		expect_text("cannot read the state of ");
		files_free(&files);
	}
	write_file(beside("-shm"), "x");
	assert_int_equal(files_note(&files, path, &e), 0);
	assert_int_equal(files_check(&files, &e), 0);
	/* The same name, and another file. */
	write_file(beside(".new"), "x");
	assert_int_equal(rename(beside(".new"), beside("-wal")), 0);
	assert_int_equal(files_check(&files, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	expect_text("spool.db-wal was moved, removed or replaced while it was open");
	files_free(&files);
	assert_int_equal(files_note(&files, path, &e), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(files_check(&files, &e), -1);
	expect_text("spool.db was moved");
	files_free(&files);
}

static void
files_that_cannot_be_opened_are_named(void **state)
{
	char inside[PATH_MAX + 64];

	(void)state;
	assert_int_equal(files_check_access(path, &e), 0); /* there is none yet */
	write_file(path, "x");
	assert_int_equal(files_check_access(path, &e), 0);
	snprintf(inside, sizeof(inside), "%s/in-a-file", path);
	assert_int_equal(files_check_access(inside, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	expect_text("in-a-file");
}

static void
a_directory_that_cannot_be_synced_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(files_sync_directory_of(path, &e), 0);
	assert_int_equal(files_sync_directory("/nonexistent", &e), -1);
	expect_text("cannot open the directory /nonexistent");
	assert_int_equal(files_sync_directory_of(too_long, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
}

static uid_t
owner_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	return st.st_uid;
}

/* A verb that root runs must leave files that the daemon's user can open. */
static void
roots_files_are_given_to_the_owner_of_the_directory(void **state)
{
	(void)state;
	write_file(path, "x");
	write_file(beside("-wal"), "x");
	write_file(beside(".other"), "x");
	if (geteuid() != 0) {
		assert_int_equal(files_give_to_owner(path, &e), 0);
		skip();
	}
	assert_int_equal(files_give_to_owner(path, &e), 0); /* root's own directory */
	assert_int_equal(owner_of(path), 0);
	assert_int_equal(chown(dir.path, NOBODY, NOBODY), 0);
	assert_int_equal(chown(beside("-wal"), 1234, 1234), 0);
	assert_int_equal(files_give_to_owner(path, &e), 0);
	assert_int_equal(owner_of(path), NOBODY);
	/* Only root's files, and only those of a database. */
	assert_int_equal(owner_of(beside("-wal")), 1234);
	assert_int_equal(owner_of(beside(".other")), 0);
	assert_int_equal(files_give_to_owner("/nonexistent/spool.db", &e), -1);
	expect_text("/nonexistent/spool.db");
}

/* ---- the lock -----------------------------------------------------------------------------------
 */

static void
a_lock_has_one_holder(void **state)
{
	char words[64];
	int fd, other = -7;

	(void)state;
	assert_int_equal(lock_holder(path, &e), 0); /* nobody ever locked it */
	assert_int_equal(lock_take(path, &fd, &e), 0);
	assert_int_equal(lock_take(path, &other, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	snprintf(words, sizeof(words), "another bentospool (process %ld)", (long)getpid());
	expect_text(words);
	assert_int_equal(other, -7);
	assert_int_equal(lock_holder(path, &e), getpid());
	lock_release(fd);
	assert_int_equal(lock_holder(path, &e), 0);
	assert_int_equal(lock_take(path, &fd, &e), 0);
	lock_release(fd);
}

static void
a_lock_that_cannot_be_opened_is_an_error(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(lock_take(too_long, &fd, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(lock_take("/nonexistent/spool.db", &fd, &e), -1);
	expect_text("cannot open the lock file /nonexistent/spool.db.lock");
	/* A link could make root write somewhere else. */
	assert_int_equal(symlink("elsewhere", beside(".lock")), 0);
	assert_int_equal(lock_take(path, &fd, &e), -1);
	assert_int_equal(lock_holder(path, &e), -1);
	assert_int_equal(access(beside("/../elsewhere"), F_OK), -1);
}

/* ---- parts --------------------------------------------------------------------------------------
 */

static void
a_part_never_replaces_a_file(void **state)
{
	int64_t bytes = 0;
	int fd;

	(void)state;
	write_file(path, "old");
	assert_int_equal(part_open(path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	expect_text("already exists and was not changed");
	assert_int_equal(unlink(path), 0);
	fd = part_open(path, &e);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(part_open(path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	expect_text("spool.db.part is there");
	/* It comes while the part is written. */
	write_file(beside(".part"), "new");
	write_file(path, "old");
	assert_int_equal(part_finish(path, &e), -1);
	assert_int_equal(part_sync(path, &bytes, &e), 0);
	assert_int_equal(bytes, 3);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(part_finish(path, &e), 0);
	assert_int_equal(access(beside(".part"), F_OK), -1);
	assert_int_equal(part_sync(beside(".part"), &bytes, &e), -1);
	expect_text("cannot open ");
}

static void
a_part_that_cannot_be_made_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(part_open(too_long, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(part_finish(too_long, &e), -1);
	part_remove(too_long);
	assert_int_equal(part_open("/nonexistent/spool.db", &e), -1);
	expect_text("cannot make /nonexistent/spool.db.part");
	write_file(beside(".part"), "x");
	part_remove(path);
	assert_int_equal(access(beside(".part"), F_OK), -1);
}

/* ---- space --------------------------------------------------------------------------------------
 */

static void
a_directory_must_be_there_and_writable(void **state)
{
	char inside[PATH_MAX + 64];

	(void)state;
	assert_int_equal(space_check_folder(path, &e), 0);
	assert_int_equal(space_check_folder(too_long, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(space_check_folder("/nonexistent/spool.db", &e), -1);
	expect_text("the directory /nonexistent of the database does not exist: create it");
	write_file(path, "x");
	snprintf(inside, sizeof(inside), "%s/in/a-file", path);
	assert_int_equal(space_check_folder(inside, &e), -1);
	expect_text("cannot read the directory ");
}

/* What is not known never stops the outbox. */
static void
an_unknown_size_is_unlimited(void **state)
{
	(void)state;
	write_file(path, "four");
	assert_int_equal(space_size(path), 4);
	assert_true(space_size(beside("-wal")) == UINT64_MAX);
	assert_true(space_free(path) < UINT64_MAX);
	assert_true(space_free("/nonexistent/spool.db") == UINT64_MAX);
	assert_true(space_free(too_long) == UINT64_MAX);
	assert_true(space_try(path, 4096));
	assert_false(space_try(path, UINT64_C(1) << 60));
	assert_true(space_try("/nonexistent/spool.db", 4096));
	assert_true(space_try(too_long, 4096));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(replaced_files_are_noticed),
		TEST(files_that_cannot_be_opened_are_named),
		TEST(a_directory_that_cannot_be_synced_is_an_error),
		TEST(roots_files_are_given_to_the_owner_of_the_directory),
		TEST(a_lock_has_one_holder),
		TEST(a_lock_that_cannot_be_opened_is_an_error),
		TEST(a_part_never_replaces_a_file),
		TEST(a_part_that_cannot_be_made_is_an_error),
		TEST(a_directory_must_be_there_and_writable),
		TEST(an_unknown_size_is_unlimited),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
