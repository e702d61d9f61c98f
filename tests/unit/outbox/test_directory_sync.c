/*
 * New files are on disk with their names: the directory is synced before the outbox is open, before
 * a backup has its name, and after an archive grew; a failure is reported.
 */
#include "lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outbox/file/part.h"
#include "outbox/lines/archive.h"
#include "unit/outbox/outbox_rig.h"

static int directory_syncs;
static bool directory_fails;

/* Replaces the C library's fsync. */
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
		return (int)syscall(SYS_fsync, fd);
	directory_syncs++;
	errno = EIO;
	return directory_fails ? -1 : 0;
}

static void
an_outbox_whose_directory_cannot_be_synced_does_not_open(void **state)
{
	struct outbox_options o = { .path = rig_dir.file, .clock = &clock_system };
	struct outbox *none;
	struct err e;

	(void)state;
	rig_close();
	directory_syncs = 0;
	rig_open();
	assert_true(directory_syncs > 0);
	rig_close();
	directory_fails = true;
	assert_int_equal(outbox_open(&o, &none, NULL, &e), -1);
	directory_fails = false;
	assert_non_null(strstr(e.text, "cannot sync the directory"));
}

static void
an_archive_whose_directory_cannot_be_synced_fails(void **state)
{
	struct err e;

	(void)state;
	directory_fails = true;
	assert_int_equal(archive_append(rig_dir.path, 0, SLICE("{}\n"), &e), -1);
	directory_fails = false;
	assert_non_null(strstr(e.text, "archive: cannot sync the directory"));
	directory_syncs = 0;
	assert_int_equal(archive_append(rig_dir.path, 0, SLICE("{}\n"), &e), 0);
	assert_int_equal(directory_syncs, 1);
}

static void
a_part_whose_directory_cannot_be_synced_gets_no_name(void **state)
{
	char file[PATH_MAX + 16];
	struct err e;
	int fd;

	(void)state;
	snprintf(file, sizeof(file), "%s/copy", rig_dir.path);
	fd = part_open(file, &e);
	assert_true(fd >= 0);
	close(fd);
	directory_fails = true;
	assert_int_equal(part_finish(file, &e), -1);
	directory_fails = false;
	assert_int_equal(access(file, F_OK), -1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_outbox_whose_directory_cannot_be_synced_does_not_open),
		TEST(an_archive_whose_directory_cannot_be_synced_fails),
		TEST(a_part_whose_directory_cannot_be_synced_gets_no_name),
	};

	return cmocka_run_group_tests_name("directory_sync", tests, NULL, NULL);
}
