/* outbox/file/readers: names the processes that have a read transaction open, and nobody else. */
#include "lib/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outbox/file/db.h"
#include "outbox/file/readers.h"
#include "unit/outbox/handmade.h"

static struct handmade box;

static int
set_up(void **state)
{
	(void)state;
	handmade_create(&box);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

/* Another process. Locks belong to a process, and a fork must not use a connection of its parent,
 * so it is started before it opens the file. */
struct other {
	pid_t pid;
	int hold; /* closing it ends the other process */
};

/* Locks bytes of the -shm file as SQLite does. */
static void
lock_until_closed(int from, int to, int ready, int hold)
{
	struct flock lock = { .l_type = F_RDLCK, .l_start = from, .l_len = to - from + 1 };
	char shm[512], byte = 0;
	int fd;

	snprintf(shm, sizeof(shm), "%s-shm", box.path);
	fd = open(shm, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || write(ready, &byte, 1) != 1)
		_exit(1);
	while (read(hold, &byte, 1) > 0)
		;
	_exit(0);
}

static void
read_until_closed(bool reads, int ready, int hold)
{
	struct db db;
	struct err e;
	char byte = 0;

	if (db_open(&db, box.path, DB_READ, &e) != 0
	    || db_exec(&db, reads ? "BEGIN" : "SELECT 1", &e) != 0
	    || db_exec(&db, "SELECT count(*) FROM site", &e) != 0 || write(ready, &byte, 1) != 1)
		_exit(1);
	while (read(hold, &byte, 1) > 0)
		;
	_exit(0);
}

/* from: 0: it uses SQLite */
static struct other
start_with(const char *name, bool reads, int from, int to)
{
	struct other other;
	int ready[2], hold[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(hold), 0);
	other.pid = fork();
	if (other.pid == 0) {
		close(ready[0]);
		close(hold[1]);
		prctl(PR_SET_NAME, name);
		if (from != 0)
			lock_until_closed(from, to, ready[1], hold[0]);
		read_until_closed(reads, ready[1], hold[0]);
	}
	close(ready[1]);
	close(hold[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	other.hold = hold[1];
	return other;
}

static struct other
start(const char *name, bool reads)
{
	return start_with(name, reads, 0, 0);
}

static void
end(const struct other *other)
{
	int status;

	close(other->hold);
	assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
	assert_int_equal(status, 0);
}

static void
a_reader_is_named_while_it_reads(void **state)
{
	char text[200], wanted[64];
	struct other reader = start("till", true);

	(void)state;
	snprintf(wanted, sizeof(wanted), "till (process %d)", (int)reader.pid);
	readers_name(box.path, text, sizeof(text));
	assert_string_equal(text, wanted);
	end(&reader);
	readers_name(box.path, text, sizeof(text));
	assert_string_equal(text, "a program");
}

static void
each_reader_is_named_once(void **state)
{
	struct other a = start("first", true), b = start("second one", true);
	char text[200], one[64];

	(void)state;
	readers_name(box.path, text, sizeof(text));
	snprintf(one, sizeof(one), "first (process %d)", (int)a.pid);
	assert_non_null(strstr(text, one));
	assert_null(strstr(strstr(text, one) + 1, one));
	snprintf(one, sizeof(one), "second one (process %d)", (int)b.pid);
	assert_non_null(strstr(text, one));
	assert_non_null(strstr(text, "), "));
	end(&b); /* it has inherited what holds the other */
	end(&a);
}

static void
who_does_not_read_is_not_named(void **state)
{
	struct other idle = start("idle", false);
	char text[200];

	(void)state;
	/* This process reads, too: it is not the other program that is looked for. */
	handmade_sql(&box, "BEGIN; SELECT count(*) FROM site");
	readers_name(box.path, text, sizeof(text));
	assert_string_equal(text, "a program");
	handmade_sql(&box, "COMMIT");
	end(&idle);
}

static void
a_lock_of_any_reader_is_found(void **state)
{
	static const struct {
		int from, to;
		bool reads;
	} rows[] = { { 122, 122, false }, { 123, 123, true }, { 127, 127, true },
		{ 127, 128, true }, { 124, 128, true }, { 128, 128, false }, { 124, 129, false } };
	char text[200], wanted[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct other other = start_with("till", false, rows[i].from, rows[i].to);

		snprintf(wanted, sizeof(wanted), "till (process %d)", (int)other.pid);
		readers_name(box.path, text, sizeof(text));
		assert_string_equal(text, rows[i].reads ? wanted : "a program");
		end(&other);
	}
}

static void
the_text_is_cut_at_its_size(void **state)
{
	struct other reader = start("till", true);
	char text[10];

	(void)state;
	readers_name(box.path, text, sizeof(text));
	assert_string_equal(text, "till (pro");
	end(&reader);
}

static void
a_path_without_a_database_has_no_readers(void **state)
{
	char text[32], path[5000];

	(void)state;
	readers_name("/nonexistent/spool.db", text, sizeof(text));
	assert_string_equal(text, "a program");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	readers_name(path, text, sizeof(text));
	assert_string_equal(text, "a program");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reader_is_named_while_it_reads),
		TEST(each_reader_is_named_once),
		TEST(who_does_not_read_is_not_named),
		TEST(a_lock_of_any_reader_is_found),
		TEST(the_text_is_cut_at_its_size),
		TEST(a_path_without_a_database_has_no_readers),
	};

	return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
