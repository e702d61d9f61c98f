/* Which file systems and syncs torture calls doubtful. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "cli/run/torture_disk.h"

static char sentences[4096];

static void
add(void *arg, const char *sentence)
{
	const size_t n = strlen(sentences);

	++*(int *)arg;
	snprintf(sentences + n, sizeof(sentences) - n, "%s\n", sentence);
}

/* Returns the number of doubts; `sentences` has them. */
static int
doubts(const char *type, const char *options, int64_t median_us)
{
	struct torture_file_system fs;
	const struct torture_syncs syncs = { .n = 100, .median_us = median_us };
	int n = 0;

	snprintf(fs.type, sizeof(fs.type), "%s", type);
	snprintf(fs.options, sizeof(fs.options), "%s", options);
	sentences[0] = '\0';
	torture_doubts(&fs, &syncs, add, &n);
	return n;
}

static void
a_good_disk_leaves_no_doubt(void **state)
{
	(void)state;
	assert_int_equal(doubts("ext4", "rw,relatime,rw,errors=remount-ro", 400), 0);
	assert_int_equal(doubts("xfs", "rw,barrier=1,nobarriers", 30), 0);
}

static void
mount_options_are_named(void **state)
{
	(void)state;
	assert_int_equal(doubts("ext4", "rw,nobarrier", 400), 1);
	assert_non_null(strstr(sentences, "It is mounted with nobarrier: after a power cut,"));
	assert_int_equal(doubts("ext4", "barrier=0,rw,data=writeback", 400), 2);
	assert_int_equal(doubts("f2fs", "rw,fsync_mode=nobarrier,x", 400), 1);
}

static void
doubtful_file_systems_are_named(void **state)
{
	(void)state;
	assert_int_equal(doubts("overlay", "rw", 400), 1);
	assert_non_null(strstr(sentences, "the own layer of a container"));
	assert_int_equal(doubts("fuse.sshfs", "rw", 400), 1);
	assert_int_equal(doubts("virtiofs", "rw", 400), 1);
}

static void
no_disk_syncs_in_no_time(void **state)
{
	(void)state;
	assert_int_equal(doubts("ext4", "rw", 30), 0);
	assert_int_equal(doubts("ext4", "rw", 29), 1);
	assert_non_null(strstr(sentences, "A sync takes 29 us, and no disk is that fast."));
	assert_int_equal(doubts("tmpfs", "rw", 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_disk_leaves_no_doubt),
		cmocka_unit_test(mount_options_are_named),
		cmocka_unit_test(doubtful_file_systems_are_named),
		cmocka_unit_test(no_disk_syncs_in_no_time),
	};

	return cmocka_run_group_tests_name("torture_disk", tests, NULL, NULL);
}
