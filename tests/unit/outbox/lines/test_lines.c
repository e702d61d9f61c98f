/* Lines of files: read from what is no file, and archived where nothing can be written. */
#include "lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tempdir.h"
#include "outbox/lines/archive.h"
#include "outbox/lines/line_reader.h"
#include "outbox/lines/pack.h"

static struct tempdir dir;

static int
make_dir(void **state)
{
	(void)state;
	tempdir_make(&dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

static void
write_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

/* Reads one line; returns what line_reader_next returned. */
static int
read_one(const char *path, char *ret_line, size_t size, struct err *e)
{
	struct line_reader *lines;
	struct slice line = SLICE_NONE;
	int rc;

	assert_int_equal(line_reader_open(path, &lines, e), 0);
	rc = line_reader_next(lines, &line, e);
	snprintf(ret_line, size, "%.*s", (int)line.n, line.n == 0 ? "" : line.p);
	line_reader_close(lines);
	return rc;
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	static const unsigned char cut[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1 };
	static const unsigned char wrong[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff };
	struct line_reader *lines;
	char line[64];
	struct err e;

	(void)state;
	assert_int_equal(line_reader_open(dir.file, &lines, &e), -1);
	assert_non_null(strstr(e.text, dir.file));
	assert_int_equal(read_one(dir.path, line, sizeof(line), &e), -1);
	assert_non_null(strstr(e.text, "cannot read"));
	write_file(dir.file, cut, sizeof(cut));
	assert_int_equal(read_one(dir.file, line, sizeof(line), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	write_file(dir.file, wrong, sizeof(wrong));
	assert_int_equal(read_one(dir.file, line, sizeof(line), &e), -1);
	assert_non_null(strstr(e.text, "damaged or truncated"));
	line_reader_close(NULL);
}

/* Writes the file from gzip members, or from plain text where `packed` has a space. Reads it;
 * returns the number of lines, or -1. */
static int
count_lines(const char *const *parts, const char *packed, struct err *e)
{
	int fd = open(dir.file, O_WRONLY | O_CREAT | O_TRUNC, 0600), n = 0, rc;
	struct line_reader *lines;
	struct slice line;

	assert_true(fd >= 0);
	for (size_t i = 0; packed[i] != '\0'; i++) {
		struct slice text = slice_from(parts[i]);
		unsigned char *p = NULL;
		size_t size = 0;

		if (packed[i] == ' ') {
			assert_int_equal(write(fd, text.p, text.n), (ssize_t)text.n);
			continue;
		}
		assert_int_equal(pack_gzip(text, &p, &size, e), 0);
		p[0] ^= packed[i] == 'x'; /* damaged */
		assert_int_equal(write(fd, p, packed[i] == '1' ? 1 : size),
		    packed[i] == '1' ? 1 : (ssize_t)size);
		free(p);
	}
	close(fd);
	assert_int_equal(line_reader_open(dir.file, &lines, e), 0);
	while ((rc = line_reader_next(lines, &line, e)) == 1)
		n++;
	line_reader_close(lines);
	return rc == 0 ? n : -1;
}

static void
what_follows_a_gzip_member_is_not_lost(void **state)
{
	static const char *const texts[] = { "a\nb\n", "c\nd\n", "e\n" };
	static const char *const bad[] = { "gxg", "gx", "g g", "g ", "g1", "gg1" };
	struct err e;

	(void)state;
	assert_int_equal(count_lines(texts, "ggg", &e), 5);
	assert_int_equal(count_lines(texts, "g", &e), 2);
	assert_int_equal(count_lines(texts, "   ", &e), 5);
	assert_int_equal(count_lines(texts, "", &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(count_lines(texts, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, "damaged or truncated"));
	}
}

static void
a_byte_order_mark_at_the_beginning_is_skipped(void **state)
{
	static const char text[] = "\xef\xbb\xbf{}\r\n\xef\xbb\xbf[]\n";
	struct line_reader *lines;
	struct slice line;
	struct err e;

	(void)state;
	write_file(dir.file, text, sizeof(text) - 1);
	assert_int_equal(line_reader_open(dir.file, &lines, &e), 0);
	assert_int_equal(line_reader_next(lines, &line, &e), 1);
	assert_int_equal(line.n, 2);
	assert_memory_equal(line.p, "{}", 2);
	assert_int_equal(line_reader_next(lines, &line, &e), 1);
	assert_int_equal(line.n, 5);
	line_reader_close(lines);
	write_file(dir.file, text, 2);
	assert_int_equal(line_reader_open(dir.file, &lines, &e), 0);
	assert_int_equal(line_reader_next(lines, &line, &e), 1);
	assert_int_equal(line.n, 2);
	line_reader_close(lines);
}

static void
standard_input_is_read_and_stays_open(void **state)
{
	int before = dup(STDIN_FILENO), fd;
	char line[64];
	struct err e;

	(void)state;
	write_file(dir.file, "one\ntwo", 7);
	fd = open(dir.file, O_RDONLY);
	assert_true(before >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	assert_int_equal(read_one("-", line, sizeof(line), &e), 1);
	assert_string_equal(line, "one");
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
	close(before);
}

static void
an_archive_that_cannot_be_written_says_why(void **state)
{
	char path[PATH_MAX + 64], longest[5000];
	struct stat st;
	struct err e;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(archive_append(longest, 0, SLICE("{}\n"), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	snprintf(path, sizeof(path), "%s/missing", dir.path);
	assert_int_equal(archive_append(path, 0, SLICE("{}\n"), &e), -1);
	assert_non_null(strstr(e.text, "archive: cannot open"));
	/* A link is not followed: it could lead anywhere. */
	snprintf(path, sizeof(path), "%s/spool-1970-01-01.ndjson.gz", dir.path);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(archive_append(dir.path, 0, SLICE("{}\n"), &e), -1);
	assert_non_null(strstr(e.text, "archive: cannot open"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(archive_append(dir.path, 0, SLICE("{}\n"), &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0137, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_file_that_cannot_be_read_is_named, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    what_follows_a_gzip_member_is_not_lost, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    a_byte_order_mark_at_the_beginning_is_skipped, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    standard_input_is_read_and_stays_open, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    an_archive_that_cannot_be_written_says_why, make_dir, remove_dir),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
