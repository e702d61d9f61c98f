/*
 * dispatch/age: which time counts after jumps of the clock and restarts; daemon/clocks stores it.
 */
#include "lib/unit.h"

#include <time.h>

#include "daemon/clocks.h"
#include "lib/fake_clock.h"
#include "unit/outbox/outbox_rig.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NOW INT64_C(1796000000000) /* 2026-11 */

/* Returns the memory of a process that has run long, at mono 10 days. */
static struct age_memory
memory_of(struct age *a, int64_t wall)
{
	struct age_memory m = { 0 };

	*a = (struct age){ 0 };
	age_look(a, wall - 5 * DAY, 5 * DAY);
	age_look(a, wall, 10 * DAY);
	assert_true(age_remember(a, &m, 7, wall, 10 * DAY));
	assert_int_equal(m.jumped_at, 0);
	return m;
}

static int64_t
limit_after(const struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono)
{
	struct age a;

	age_recall(&a, m, boot, wall, mono);
	return age_limit(&a, 30 * DAY, wall, mono);
}

static void
within_a_boot_a_jump_without_a_process_shows(void **state)
{
	struct age a;
	struct age_memory m = memory_of(&a, NOW);

	(void)state;
	/* both clocks advance by 20 days: the time is trusted */
	assert_int_equal(limit_after(&m, 7, NOW + 20 * DAY, 30 * DAY), NOW - 10 * DAY);
	/* one clock advances by a day, the other moves by a year */
	assert_int_equal(limit_after(&m, 7, NOW + 365 * DAY, 11 * DAY), AGE_NONE);
	assert_int_equal(limit_after(&m, 7, NOW - 365 * DAY, 11 * DAY), AGE_NONE);
	/* at the limit */
	assert_int_not_equal(limit_after(&m, 7, NOW + AGE_JUMP_MS, 10 * DAY), AGE_NONE);
	assert_int_equal(limit_after(&m, 7, NOW + AGE_JUMP_MS + 1, 10 * DAY), AGE_NONE);
}

static void
after_another_boot_only_a_short_gap_is_believed(void **state)
{
	struct age a;
	struct age_memory m = memory_of(&a, NOW);

	(void)state;
	assert_int_not_equal(limit_after(&m, 8, NOW + AGE_GAP_MS, 5000), AGE_NONE);
	assert_int_equal(limit_after(&m, 8, NOW + AGE_GAP_MS + 1, 5000), AGE_NONE);
	assert_int_not_equal(limit_after(&m, 8, NOW - AGE_JUMP_MS, 5000), AGE_NONE);
	assert_int_equal(limit_after(&m, 8, NOW - AGE_JUMP_MS - 1, 5000), AGE_NONE);
	/* nothing is remembered: a new outbox, or one of an older version */
	m = (struct age_memory){ 0 };
	assert_int_not_equal(limit_after(&m, 8, NOW, 5000), AGE_NONE);
}

static void
a_jump_is_remembered_until_it_no_longer_matters(void **state)
{
	struct age a;
	struct age_memory m = memory_of(&a, NOW);
	const int64_t later = NOW + 365 * DAY;

	(void)state;
	age_look(&a, later, 10 * DAY + 1000);
	assert_true(age_remember(&a, &m, 7, later, 10 * DAY + 1000));
	assert_int_equal(m.jumped_at, later);
	/* the jump still counts after an immediate restart, and after a boot 29 days later; it
	 * no longer counts once the clocks have agreed for as long as events may live */
	assert_int_equal(limit_after(&m, 7, later + 1000, 10 * DAY + 2000), AGE_NONE);
	m.seen_at = later + 29 * DAY;
	assert_int_equal(limit_after(&m, 8, later + 29 * DAY, 1000), AGE_NONE);
	m.seen_at = later + 30 * DAY;
	assert_int_equal(limit_after(&m, 8, later + 30 * DAY, 1000), later);
}

static void
a_memory_is_renewed_each_hour(void **state)
{
	struct age a;
	struct age_memory m = memory_of(&a, NOW);

	(void)state;
	assert_false(age_remember(&a, &m, 7, NOW + AGE_REMEMBER_MS - 1, 10 * DAY));
	assert_true(age_remember(&a, &m, 7, NOW + AGE_REMEMBER_MS, 10 * DAY));
	assert_true(age_remember(&a, &m, 8, NOW + AGE_REMEMBER_MS, 10));
}

static struct fake_clock moment;
static struct clock clock_of_moment;

static void
run_clocks(uint64_t boot, int seconds, bool *ret_jumped)
{
	struct clocks *c;
	struct err e;

	clock_of_moment = fake_clock_of(&moment);
	assert_int_equal(clocks_new(&clock_of_moment, boot, &c, &e), 0);
	assert_int_equal(clocks_recall(c, rig_outbox, &e), 0);
	for (int i = 0; i < seconds; i++) {
		fake_clock_advance(&moment, 1000);
		clocks_tick(c);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	*ret_jumped = clocks_age(c)->jumped;
	rig_close();
	clocks_free(c);
	rig_open();
}

static void
the_outbox_remembers(void **state)
{
	bool jumped;

	(void)state;
	moment = (struct fake_clock){ .wall = NOW, .mono = 10 * DAY };
	run_clocks(7, 3, &jumped);
	assert_false(jumped);
	fake_clock_advance(&moment, HOUR);
	run_clocks(7, 3, &jumped);
	assert_false(jumped);
	moment.wall += 100 * DAY; /* the clock jumps while no process runs */
	run_clocks(7, 20, &jumped);
	assert_true(jumped);
	/* the next process knows about the jump */
	run_clocks(7, 1, &jumped);
	assert_true(jumped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_a_boot_a_jump_without_a_process_shows),
		cmocka_unit_test(after_another_boot_only_a_short_gap_is_believed),
		cmocka_unit_test(a_jump_is_remembered_until_it_no_longer_matters),
		cmocka_unit_test(a_memory_is_renewed_each_hour),
		cmocka_unit_test_setup_teardown(the_outbox_remembers, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests_name("age", tests, NULL, NULL);
}
