/* What identify and alias calls teach, and which address an id then has. */
#include "event/mapping/mapping.h"
#include "unit/outbox/write/identity_fixture.h"

/* ---- identify ------------------------------------------------------------------------------- */

static void
an_identify_teaches_both_ids(void **state)
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
what_happened_last_counts(void **state)
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
	/* A time in the future counts as the time of receipt. */
	late = event_of(KIND_IDENTIFY, "u", NULL);
	late.email = SLICE("ahead@example.com");
	late.occurred_at = INT64_C(1) << 50;
	put(&late);
	when = 2000;
	identify("u", NULL, "after@example.com");
	known("u", NULL, GOES("after@example.com"));
}

static void
a_shared_device_says_nothing_about_another_user(void **state)
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

static void
a_device_can_change_hands(void **state)
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
	/* Also when the last call of the device named no user. */
	alias("c", "u");
	identify(NULL, "c", "ann@example.com");
	identify("v", "c", "bob@example.com");
	known("u", NULL, GOES("ann@example.com"));
	/* Between ids of one person the device stays. */
	alias("b", "x");
	alias("x", "y");
	identify("y", "b", "yve@example.com");
	known("x", NULL, GOES("yve@example.com"));
	known(NULL, "b", GOES("yve@example.com"));
	identify("x", NULL, "new@example.com");
	known(NULL, "b", GOES("new@example.com"));
}

static void
an_alias_takes_a_device_but_not_its_address(void **state)
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
	/* Also when an alias of the first user had joined it. */
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

/* The last call that named a user counts, not the last that taught an address; a repetition of an
 * older call changes nothing. */
static void
the_latest_name_of_a_device_counts(void **state)
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
	/* A call without a userId does not remove one. */
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
an_identify_without_an_address_joins_device_and_user(void **state)
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
invalid_and_foreign_calls_teach_nothing(void **state)
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
an_alias_joins_a_known_device(void **state)
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
an_alias_joins_ids_before_their_address_is_known(void **state)
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
an_alias_joins_two_known_users(void **state)
{
	(void)state;
	identify("u", NULL, "old@example.com");
	identify("v", NULL, "new@example.com");
	/* An anonymous id with the same text as a userId. */
	identify(NULL, "v", "other@example.com");
	alias("v", "u");
	known("u", NULL, GOES("other@example.com"));
	identify("u", NULL, "newest@example.com");
	known("u", NULL, GOES("newest@example.com"));
	known("v", NULL, GOES("newest@example.com"));
}

static void
a_person_has_a_limited_number_of_ids(void **state)
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

/* ---- the limit ------------------------------------------------------------------------------ */

static void
a_site_keeps_a_limited_number_of_ids(void **state)
{
	(void)state;
	wait_for(3, true);
	identify("a", NULL, "a@example.com");
	identify("b", NULL, "b@example.com");
	assert_int_equal(size(), 2);
	identify("c", NULL, "c@example.com");
	known("a", NULL, GOES("a@example.com"));
	assert_int_equal(size(), 3);
	/* Taught again, it is no longer the first to be removed. */
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
		cmocka_unit_test_setup_teardown(
		    an_identify_teaches_both_ids, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(what_happened_last_counts, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_shared_device_says_nothing_about_another_user, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(a_device_can_change_hands, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_identify_without_an_address_joins_device_and_user, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    invalid_and_foreign_calls_teach_nothing, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_alias_joins_a_known_device, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_alias_joins_ids_before_their_address_is_known, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_alias_joins_two_known_users, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_alias_takes_a_device_but_not_its_address, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    the_latest_name_of_a_device_counts, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_person_has_a_limited_number_of_ids, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_site_keeps_a_limited_number_of_ids, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
