/* What calls say about ids, and the address that an id gets from them. */
#include "event/mapping/mapping.h"
#include "event/segment/person.h"
#include "unit/outbox/identity/identity_fixture.h"

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
	assert_int_equal(size(), 3);
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

/* Several people share a device: an event with a userId never uses the device's address, and each
 * call with both ids says whose the device is. */
static void
a_shared_device_says_nothing_about_another_user(void **state)
{
	(void)state;
	identify("u", "a", "ann@example.com");
	known(NULL, "a", GOES("ann@example.com"));
	known("v", "a", UNKNOWN);
	known(NULL, "a", UNKNOWN);
	known("u", "a", GOES("ann@example.com"));
	known(NULL, "a", GOES("ann@example.com"));
	identify(NULL, "b", "bob@example.com");
	known("w", "b", UNKNOWN);
	known(NULL, "b", GOES("bob@example.com"));
	identify("x", "b", "xen@example.com");
	known("w", NULL, UNKNOWN);
	known(NULL, "b", GOES("xen@example.com"));
	known("w", "b", UNKNOWN);
	known(NULL, "b", UNKNOWN);
}

/* A call's statement about a device counts whatever the call's status, unless the call excludes
 * Bento. */
static void
every_call_with_both_ids_names_the_devices_user(void **state)
{
	static const enum event_kind kinds[] = { KIND_PAGE, KIND_SCREEN, KIND_GROUP, KIND_TRACK };
	struct segment_event event;

	(void)state;
	identify("u", NULL, "ann@example.com");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		identify("v", "a", "bob@example.com");
		event = event_of(kinds[i], "u", "a");
		event.status = i % 2 == 0 ? STATUS_INVALID : STATUS_UNSUPPORTED;
		event.reason = "event_not_string";
		put(&event);
		known(NULL, "a", GOES("ann@example.com"));
	}
	event = event_of(KIND_TRACK, "v", "a");
	/* the address of this event says nothing about its userId */
	event.email = SLICE("other@example.com");
	event.status = STATUS_PENDING;
	event.reason = NULL;
	put(&event);
	known(NULL, "a", GOES("bob@example.com"));
	event = event_of(KIND_TRACK, "u", "a");
	event.status = STATUS_DISCARDED;
	event.reason = mapping_not_for_us;
	put(&event);
	event = event_of(KIND_DELETE, "u", "a");
	put(&event);
	known(NULL, "a", GOES("bob@example.com"));
	known("a", "a", UNKNOWN);
	known(NULL, "a", GOES("bob@example.com"));
}

/* An event with only a device belongs to the device's user at the time of the event. */
static void
a_device_event_goes_to_the_user_of_its_time(void **state)
{
	struct segment_event event = event_of(KIND_TRACK, NULL, "a");

	(void)state;
	when = 1000;
	identify("u", "a", "ann@example.com");
	when = 1100;
	identify("v", "a", "bob@example.com");
	event.occurred_at = 1099;
	expect(put(&event), GOES("ann@example.com"));
	event = event_of(KIND_TRACK, NULL, "a");
	event.occurred_at = 1100;
	expect(put(&event), GOES("bob@example.com"));
	event = event_of(KIND_TRACK, NULL, "a");
	event.occurred_at = 1;
	expect(put(&event), GOES("ann@example.com"));
	event = event_of(KIND_TRACK, NULL, "a");
	event.occurred_at = INT64_C(1) << 50;
	expect(put(&event), GOES("bob@example.com"));
}

/* A late call changes nothing when the user who had the device before and after has called
 * since. */
static void
a_late_call_among_later_ones_is_ignored(void **state)
{
	(void)state;
	received = INT64_C(1) << 40;
	when = 1000;
	identify("u", "a", "ann@example.com");
	when = 1000 + IDENTITY_CLAIM_STEP_MS;
	track("u", "a");
	when = 5000;
	identify("v", "a", "bob@example.com");
	when = 6000;
	expect(track(NULL, "a"), GOES("ann@example.com"));
	when = 1002 + IDENTITY_CLAIM_STEP_MS;
	identify("v", "a", "bob@example.com");
	expect(track(NULL, "a"), GOES("bob@example.com"));
}

/* A userId that looks like an address is only a guess. */
static void
a_user_id_that_looks_like_an_address_is_a_guess(void **state)
{
	struct segment_event event = event_of(KIND_TRACK, "old@example.com", "a");

	(void)state;
	event.email = event.user_id;
	event.email_from = PERSON_USER_ID;
	event.status = STATUS_PENDING;
	event.reason = NULL;
	expect(put(&event), GOES("old@example.com"));
	known(NULL, "a", GOES("old@example.com"));
	event.kind = KIND_IDENTIFY;
	event.message_id = SLICE("guess");
	event.occurred_at = 1500;
	put(&event);
	identify("old@example.com", NULL, "new@example.com");
	event.kind = KIND_TRACK;
	event.message_id = SLICE("guess again");
	expect(put(&event), GOES("new@example.com"));
	known(NULL, "a", GOES("new@example.com"));
	expect(track("samlp|corp|ann@corp.example", NULL), WAITS);
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
	identify("u", NULL, "new@example.com");
	known("u", NULL, GOES("new@example.com"));
	known(NULL, "a", GOES("bob@example.com"));
	/* The same when the last call of the device named no user. */
	alias("c", "u");
	identify(NULL, "c", "ann@example.com");
	known("u", NULL, GOES("ann@example.com"));
	identify("v", "c", "bob@example.com");
	known("u", NULL, GOES("new@example.com"));
	/* A change between ids of one person does not change the device's person. */
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
	/* The same when an alias of the first user had joined the device. */
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

/* The last call that named a user counts, not the last that gave an address; repeating an older
 * call changes nothing. */
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
	/* A call without a userId does not remove the device's user. */
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

/* A call from the browser joins device and user; a call from the server gives the address. */
static void
an_identify_without_an_address_joins_device_and_user(void **state)
{
	int64_t waits;

	(void)state;
	waits = track(NULL, "a");
	identify("u", "a", NULL);
	expect(waits, WAITS);
	assert_int_equal(size(), 1);
	identify("u", NULL, "ann@example.com");
	expect(waits, GOES("ann@example.com"));
	known("v", NULL, UNKNOWN);
	identify("z", "a", NULL);
	known(NULL, "a", UNKNOWN);
	known("u", NULL, GOES("ann@example.com"));
	/* An address given for the device itself belongs to its only user. */
	identify(NULL, "c", "cyd@example.com");
	identify("z", "c", NULL);
	known(NULL, "c", GOES("cyd@example.com"));
	known("z", NULL, UNKNOWN);
	identify("y", "c", NULL);
	known(NULL, "c", UNKNOWN);
	identify(NULL, "b", NULL);
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
	/* An anonymous id may have the same text as a userId. */
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
	for (int i = 0; i < 2 * IDENTITY_IDS; i++) {
		snprintf(id, sizeof(id), "p-%d", i);
		alias(id, "u");
	}
	identify("p-99", NULL, "ann@example.com");
	known("u", NULL, UNKNOWN);
	identify("u", NULL, "bob@example.com");
	known("p-0", NULL, GOES("bob@example.com"));
	known("p-101", NULL, GOES("bob@example.com"));
	assert_int_equal(
	    rig_number("SELECT count(*) FROM identity WHERE kind = 'device'"), IDENTITY_IDS);
}

/* For a device that changes its user all the time, only the last changes are kept. */
static void
a_device_has_a_limited_number_of_users(void **state)
{
	struct segment_event event;
	char id[16];

	(void)state;
	for (int i = 0; i < 3 * IDENTITY_CLAIMS; i++) {
		snprintf(id, sizeof(id), "u-%d", i);
		identify(id, "a", "ann@example.com");
	}
	assert_int_equal(
	    rig_number("SELECT count(*) FROM identity WHERE kind = 'device'"), IDENTITY_CLAIMS);
	identify("last", "a", "bob@example.com");
	known(NULL, "a", GOES("bob@example.com"));
	event = event_of(KIND_TRACK, "first", "a");
	event.occurred_at = 1;
	put(&event);
	assert_int_equal(rig_number("SELECT count(*) FROM identity WHERE user_id = 'first'"), 0);
	size();
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
	/* A repeated statement is no longer the first to be removed. */
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
		cmocka_unit_test_setup_teardown(
		    every_call_with_both_ids_names_the_devices_user, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_device_event_goes_to_the_user_of_its_time, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_late_call_among_later_ones_is_ignored, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_user_id_that_looks_like_an_address_is_a_guess, set_up, rig_tear_down),
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
		    a_device_has_a_limited_number_of_users, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_site_keeps_a_limited_number_of_ids, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
