/*
 * The outbox when SQLite briefly has no memory: three allocations in a row fail, at each point of a
 * transaction that stores an event. That transaction may fail; the next one succeeds, the outbox is
 * healthy, and stored events are there.
 */
#include "lib/unit.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "unit/outbox/outbox_rig.h"

#define IN_A_ROW 3
#define FOR_LONG 1000000

static sqlite3_mem_methods real;
/* The number of the first allocation to fail, from 1, and the allocations so far; 0: none fails. */
static _Atomic int first_to_fail, allocations;
static _Atomic int in_a_row = IN_A_ROW;

static bool
fails(void)
{
	int first = atomic_load(&first_to_fail), n;

	if (first == 0)
		return false;
	n = atomic_fetch_add(&allocations, 1) + 1;
	return n >= first && n < first + atomic_load(&in_a_row);
}

static void *
scarce_malloc(int n)
{
	return fails() ? NULL : real.xMalloc(n);
}

static void *
scarce_realloc(void *p, int n)
{
	return fails() ? NULL : real.xRealloc(p, n);
}

static int
install(void **state)
{
	sqlite3_mem_methods scarce;

	(void)state;
	/* SQLite must allocate every small block: turn its pool of them off. */
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real), SQLITE_OK);
	scarce = real;
	scarce.xMalloc = scarce_malloc;
	scarce.xRealloc = scarce_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce), SQLITE_OK);
	return 0;
}

/* Stores an event while the allocations from the nth on fail. Returns false when there were
 * fewer. */
static bool
store_without_memory(int nth, int *ret_stored)
{
	char id[32];
	struct segment_event event;
	struct outbox_put p;

	rig_close(); /* closes the outbox, so that statements must be prepared again */
	rig_open();
	snprintf(id, sizeof(id), "scarce-%d", nth);
	event = rig_track(id);
	atomic_store(&allocations, 0);
	atomic_store(&first_to_fail, nth);
	*ret_stored = rig_put(&event, 1, &p) == 0;
	atomic_store(&first_to_fail, 0);
	return atomic_load(&allocations) >= nth;
}

static void
a_brief_lack_of_memory_passes(void **state)
{
	char id[32];
	int stored = 0, one, nth = 1;

	(void)state;
	for (; store_without_memory(nth, &one); nth++) {
		stored += one;
		snprintf(id, sizeof(id), "next-%d", nth);
		rig_put_one(id);
		stored++;
		if (outbox_health(rig_outbox) != OUTBOX_OK)
			fail_msg("allocation %d: the outbox is not healthy", nth);
	}
	stored += one;
	print_message("# %d allocations failed\n", nth - 1);
	assert_true(nth > 3);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox"), stored);
}

static void
a_lasting_lack_of_memory_is_told_and_passes(void **state)
{
	struct segment_event event = rig_track("scarce");
	struct outbox_put p;
	char text[512];

	(void)state;
	atomic_store(&allocations, 0);
	atomic_store(&in_a_row, FOR_LONG);
	atomic_store(&first_to_fail, 1);
	assert_int_equal(rig_put(&event, 1, &p), -1);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_FAULTY);
	outbox_health_text(rig_outbox, text, sizeof(text));
	assert_non_null(strstr(text, "memory"));
	atomic_store(&first_to_fail, 0);
	atomic_store(&in_a_row, IN_A_ROW);
	for (int i = 0; i < 500 && outbox_health(rig_outbox) != OUTBOX_OK; i++)
		poll(NULL, 0, 10);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_OK);
	assert_int_equal(rig_put(&event, 1, &p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_brief_lack_of_memory_passes, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_lasting_lack_of_memory_is_told_and_passes, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests_name("outbox_memory", tests, install, NULL);
}
