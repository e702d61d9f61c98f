/*
 * When the WAL is copied. A reader keeps the WAL from being cut: receipt slows down, and at last
 * stops.
 */
#include "lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "outbox/checkpoint.h"
#include "outbox/outbox_private.h"
#include "unit/outbox/outbox_rig.h"

#define PAGE UINT64_C(8192)

static struct outbox
with_wal(int pages, uint64_t max_bytes)
{
	struct outbox o = { .wal_pages = pages };

	o.options.max_wal_bytes = max_bytes;
	return o;
}

static void
without_a_limit_nothing_waits(void **state)
{
	struct outbox o = with_wal(1 << 30, 0);

	(void)state;
	assert_int_equal(checkpoint_wait_ms(&o), 0);
	assert_false(checkpoint_wal_is_full(&o));
}

static void
up_to_half_of_the_limit_nothing_waits(void **state)
{
	struct outbox o = with_wal(1000, 2000 * PAGE);

	(void)state;
	assert_int_equal(checkpoint_wait_ms(&o), 0);
	o.wal_pages = 1100;
	assert_int_equal(checkpoint_wait_ms(&o), CHECKPOINT_WAIT_MAX_MS / 10);
}

static void
the_wait_grows_up_to_the_limit(void **state)
{
	struct outbox o = with_wal(1500, 2000 * PAGE);

	(void)state;
	assert_int_equal(checkpoint_wait_ms(&o), CHECKPOINT_WAIT_MAX_MS / 2);
	o.wal_pages = 2000;
	assert_int_equal(checkpoint_wait_ms(&o), CHECKPOINT_WAIT_MAX_MS);
	o.wal_pages = 1 << 30;
	assert_int_equal(checkpoint_wait_ms(&o), CHECKPOINT_WAIT_MAX_MS);
}

static void
at_the_limit_the_wal_is_full(void **state)
{
	struct outbox o = with_wal(1999, 2000 * PAGE);

	(void)state;
	assert_false(checkpoint_wal_is_full(&o));
	o.wal_pages = 2000;
	assert_true(checkpoint_wal_is_full(&o));
}

/* The number in the header that changes when SQLite begins the WAL again, after a checkpoint. */
static unsigned
wal_round(void)
{
	char path[sizeof(rig_dir.file) + 8];
	unsigned char number[4];
	int fd;

	snprintf(path, sizeof(path), "%s-wal", rig_dir.file);
	fd = open(path, O_RDONLY);
	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, number, sizeof(number), 12), sizeof(number));
	close(fd);
	return (unsigned)number[2] << 8 | number[3];
}

/* Returns the number of commits until the WAL begins again. */
static int
commits_of_a_round(void)
{
	unsigned before = wal_round();
	int n = 0;

	while (wal_round() == before && n++ <= CHECKPOINT_COMMITS)
		rig_put_many(rig_site, 1);
	return n;
}

/* Small commits: the few pages of CHECKPOINT_COMMITS are copied at once. */
static void
many_small_commits_are_copied(void **state)
{
	(void)state;
	commits_of_a_round();
	assert_int_equal(commits_of_a_round(), CHECKPOINT_COMMITS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_limit_nothing_waits),
		cmocka_unit_test(up_to_half_of_the_limit_nothing_waits),
		cmocka_unit_test(the_wait_grows_up_to_the_limit),
		cmocka_unit_test(at_the_limit_the_wal_is_full),
		cmocka_unit_test_setup_teardown(
		    many_small_commits_are_copied, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
