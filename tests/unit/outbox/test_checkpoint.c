/* A reader keeps the WAL from being cut: receipt slows down, and at last stops. */
#include "lib/unit.h"

#include "outbox/checkpoint.h"
#include "outbox/outbox_private.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_limit_nothing_waits),
		cmocka_unit_test(up_to_half_of_the_limit_nothing_waits),
		cmocka_unit_test(the_wait_grows_up_to_the_limit),
		cmocka_unit_test(at_the_limit_the_wal_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
