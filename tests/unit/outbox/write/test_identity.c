/* What identify and alias calls teach, and who is found by it. */
#include "event/mapping/mapping.h"
#include "unit/outbox/write/identity_fixture.h"

/* ---- who is found --------------------------------------------------------------------------- */

static void
test_teach(void **state)
{
	(void)state;
	identify("u", "a", "ann@example.com");
	expect(track("u", NULL), GOES("ann@example.com"));
	expect(track(NULL, "a"), GOES("ann@example.com"));
	expect(track("u", "other"), GOES("ann@example.com"));
	known("a", NULL, UNKNOWN);
	known(NULL, "u", UNKNOWN);
	assert_int_equal(size(), 2);
}

static void
test_newest_wins(void **state)
{
	struct segment_event late;

	(void)state;
	late = event_of(KIND_IDENTIFY, "u", NULL);
	late.email = SLICE("old@example.com");
	identify("u", NULL, "ann@example.com");
	put(&late);
	known("u", NULL, GOES("ann@example.com"));
	identify("u", NULL, "new@example.com");
	known("u", NULL, GOES("new@example.com"));
	/* A clock that is ahead has the last word only until it is received. */
	late = event_of(KIND_IDENTIFY, "u", NULL);
	late.email = SLICE("ahead@example.com");
	late.occurred_at = INT64_C(1) << 50;
	put(&late);
	when = 2000;
	identify("u", NULL, "after@example.com");
	known("u", NULL, GOES("after@example.com"));
}

/* Several people share a device. */
static void
test_shared_device(void **state)
{
	(void)state;
	identify("u", "a", "ann@example.com");
	known("v", "a", UNKNOWN);
	known(NULL, "a", GOES("ann@example.com"));
	identify(NULL, "b", "bob@example.com");
	known("w", "b", GOES("bob@example.com"));
	identify("x", "b", "bob@example.com");
	known("w", "b", UNKNOWN);
	identify("v", "a", "bob@example.com");
	known(NULL, "a", GOES("bob@example.com"));
	known("u", "a", GOES("ann@example.com"));
}

/* And a device that was one's own becomes another's. */
static void
test_device_changes_hands(void **state)
{
	struct segment_event late;

	(void)state;
	late = event_of(KIND_IDENTIFY, "w", "a");
	late.email = SLICE("late@example.com");
	alias("a", "u");
	identify("u", NULL, "ann@example.com");
	known(NULL, "a", GOES("ann@example.com"));
	put(&late);
	known(NULL, "a", GOES("ann@example.com"));
	identify("v", "a", "bob@example.com");
	known(NULL, "a", GOES("bob@example.com"));
	known("v", NULL, GOES("bob@example.com"));
	known("u", NULL, GOES("ann@example.com"));
	known("u", "a", GOES("ann@example.com"));
	identify("u", NULL, "new@example.com");
	known(NULL, "a", GOES("bob@example.com"));
	/* Also when it told last of nobody by name. */
	alias("c", "u");
	identify(NULL, "c", "ann@example.com");
	identify("v", "c", "bob@example.com");
	known("u", NULL, GOES("ann@example.com"));
	/* With the ids of one person it stays. */
	alias("b", "x");
	alias("x", "y");
	identify("y", "b", "yve@example.com");
	known("x", NULL, GOES("yve@example.com"));
	known(NULL, "b", GOES("yve@example.com"));
	identify("x", NULL, "new@example.com");
	known(NULL, "b", GOES("new@example.com"));
}

/* An alias gives it to another user, who does not get the address with it. */
static void
test_alias_of_another_device(void **state)
{
	struct segment_event late;

	(void)state;
	late = event_of(KIND_ALIAS, "w", NULL);
	late.previous_id = SLICE("a");
	identify("u", "a", "ann@example.com");
	put(&late);
	known("w", NULL, UNKNOWN);
	known(NULL, "a", GOES("ann@example.com"));
	alias("a", "v");
	known("v", NULL, UNKNOWN);
	known(NULL, "a", UNKNOWN);
	identify("v", NULL, "bob@example.com");
	known(NULL, "a", GOES("bob@example.com"));
	known("u", NULL, GOES("ann@example.com"));
	/* Also when the first one's alias said so. */
	late = event_of(KIND_ALIAS, "r", NULL);
	late.previous_id = SLICE("b");
	alias("b", "p");
	identify("p", NULL, "pam@example.com");
	put(&late);
	known("r", NULL, UNKNOWN);
	alias("b", "q");
	known("q", NULL, UNKNOWN);
	known("p", NULL, GOES("pam@example.com"));
	identify("q", "b", "quinn@example.com");
	known("p", NULL, GOES("pam@example.com"));
	known(NULL, "b", GOES("quinn@example.com"));
}

/* What happened last says whose it is, not whose address was told last; twice is once. */
static void
test_device_is_named(void **state)
{
	struct segment_event again = event_of(KIND_IDENTIFY, "u", "a"), between;

	(void)state;
	again.email = SLICE("ann@example.com");
	identify("u", "a", "ann@example.com");
	alias("a", "v");
	put(&again);
	known(NULL, "a", UNKNOWN);
	alias("b", "u");
	between = event_of(KIND_IDENTIFY, "w", "b");
	between.email = SLICE("bob@example.com");
	identify("u", NULL, "new@example.com");
	put(&between);
	known(NULL, "b", GOES("bob@example.com"));
	assert_int_equal(rig_number("SELECT with_user = 'w' FROM identity WHERE kind = "
				    "'anonymous' AND id = 'b'"),
	    1);
	/* Who says no name takes none away. */
	alias("c", "x");
	identify(NULL, "c", "xen@example.com");
	known("x", NULL, GOES("xen@example.com"));
	known("y", "c", UNKNOWN);
	again = event_of(KIND_IDENTIFY, NULL, "d");
	again.email = SLICE("old@example.com");
	identify("u", "d", "new@example.com");
	put(&again);
	known("y", "d", UNKNOWN);
}

/* The browser knows who is logged in, and the server what the address is. */
static void
test_identify_without_an_address(void **state)
{
	int64_t waits;

	(void)state;
	waits = track(NULL, "a");
	identify("u", "a", NULL);
	assert_int_equal(size(), 0);
	identify("u", NULL, "ann@example.com");
	expect(waits, WAITS);
	identify("u", "a", NULL);
	expect(waits, GOES("ann@example.com"));
	known("v", "a", UNKNOWN);
	identify("z", "a", NULL);
	known(NULL, "a", UNKNOWN);
	known("u", NULL, GOES("ann@example.com"));
	identify("z", "new", NULL);
	identify(NULL, "c", "cyd@example.com");
	known("w", "c", GOES("cyd@example.com"));
	identify("z", "c", NULL);
	known("w", "c", UNKNOWN);
	known(NULL, "c", GOES("cyd@example.com"));
	identify(NULL, "b", NULL);
	assert_int_equal(size(), 3);
}

static void
test_who_is_not_believed(void **state)
{
	struct segment_event event;

	(void)state;
	event = event_of(KIND_IDENTIFY, "u", NULL);
	event.email = SLICE("ann@example.com");
	event.status = STATUS_INVALID;
	event.reason = "traits_not_object";
	put(&event);
	event = event_of(KIND_IDENTIFY, "u", NULL);
	event.email = SLICE("ann@example.com");
	event.status = STATUS_DISCARDED;
	event.reason = mapping_not_for_us;
	put(&event);
	event = event_of(KIND_TRACK, "u", NULL);
	event.email = SLICE("ann@example.com");
	event.status = STATUS_PENDING;
	event.reason = NULL;
	put(&event);
	known("u", NULL, UNKNOWN);
	assert_int_equal(size(), 0);
}

/* ---- aliases -------------------------------------------------------------------------------- */

static void
test_alias_after(void **state)
{
	(void)state;
	identify(NULL, "a", "ann@example.com");
	alias("a", "u");
	known("u", NULL, GOES("ann@example.com"));
	identify("u", NULL, "new@example.com");
	known(NULL, "a", GOES("new@example.com"));
	identify(NULL, "a", "newer@example.com");
	known("u", NULL, GOES("newer@example.com"));
}

static void
test_alias_before(void **state)
{
	int64_t waits;

	(void)state;
	waits = track(NULL, "a");
	alias("a", "u");
	alias("u", "v");
	expect(waits, WAITS);
	identify("v", NULL, "ann@example.com");
	expect(waits, GOES("ann@example.com"));
	known("a", NULL, GOES("ann@example.com"));
	known("u", NULL, GOES("ann@example.com"));
}

static void
test_alias_of_two_known(void **state)
{
	(void)state;
	identify("u", NULL, "old@example.com");
	identify("v", NULL, "new@example.com");
	/* An anonymous id that is written like the user's. */
	identify(NULL, "v", "other@example.com");
	alias("v", "u");
	known("u", NULL, GOES("other@example.com"));
	identify("u", NULL, "newest@example.com");
	known("u", NULL, GOES("newest@example.com"));
	known("v", NULL, GOES("newest@example.com"));
}

static void
test_alias_has_an_end(void **state)
{
	char id[16];

	(void)state;
	for (int i = 0; i < 2 * IDENTITY_PERSON_MAX; i++) {
		snprintf(id, sizeof(id), "p-%d", i);
		alias(id, "u");
	}
	assert_true(rig_number("SELECT max(n) FROM (SELECT count(*) AS n FROM identity GROUP BY "
			       "person)")
		    == IDENTITY_PERSON_MAX);
	identify("u", NULL, "ann@example.com");
	known("p-0", NULL, GOES("ann@example.com"));
	known("p-100", NULL, UNKNOWN);
}

/* ---- the bound ------------------------------------------------------------------------------ */

static void
test_bound(void **state)
{
	(void)state;
	wait_for(3, true);
	identify("a", NULL, "a@example.com");
	identify("b", NULL, "b@example.com");
	assert_int_equal(size(), 2);
	identify("c", NULL, "c@example.com");
	known("a", NULL, GOES("a@example.com"));
	assert_int_equal(size(), 3);
	/* Taught again, it is no longer the first to go. */
	identify("a", NULL, "a@example.com");
	identify("d", NULL, "d@example.com");
	assert_int_equal(size(), 3);
	known("b", NULL, UNKNOWN);
	known("a", NULL, GOES("a@example.com"));
	known("d", NULL, GOES("d@example.com"));
	wait_for(1, true);
	assert_int_equal(size(), 1);
	known("d", NULL, GOES("d@example.com"));
	wait_for(0, false);
	assert_int_equal(size(), 0);
	identify("a", NULL, "a@example.com");
	assert_int_equal(size(), 0);
	expect(track("a", NULL), UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_teach, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_newest_wins, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_shared_device, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_device_changes_hands, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_identify_without_an_address, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_who_is_not_believed, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_alias_after, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_alias_before, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_alias_of_two_known, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_alias_of_another_device, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_device_is_named, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_alias_has_an_end, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_bound, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
