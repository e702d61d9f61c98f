/* Merging the statements of another outbox about ids. */
#include <stdlib.h>

#include "base/buf.h"
#include "outbox/operate/import.h"
#include "unit/outbox/identity/identity_fixture.h"

static int64_t
adopt_line(const char *line)
{
	const struct slice lines[] = { slice_from(line) };
	struct outbox_import import = {
		.verb = "adopt", .actor = "x", .lines = lines, .n_lines = 1
	};

	assert_int_equal(rig_send(&import.msg, OUTBOX_IMPORT), 0);
	return import.counts.bad > 0 ? -import.counts.bad : import.counts.identities;
}

#define LINE(members) "{\"identity\":{\"site\":\"main\"," members "}}"
#define TOLD(kind, id, email, at)                                                                  \
	LINE("\"kind\":\"" kind "\",\"id\":\"" id "\",\"email\":\"" email                          \
	     "\",\"identified_at\":" at)
#define USER(id, email, at) TOLD("user", id, email, at)
#define ANONYMOUS(id, email, at) TOLD("anonymous", id, email, at)
#define DEVICE(id, user, since, said_at)                                                           \
	LINE("\"kind\":\"device\",\"id\":\"" id "\",\"user_id\":\"" user "\",\"since\":" since     \
	     ",\"said_at\":" said_at)
#define REPLACED(id, user, at)                                                                     \
	LINE("\"kind\":\"user\",\"id\":\"" id "\",\"user_id\":\"" user "\",\"said_at\":" at)

static void
what_another_outbox_knew_resolves_events(void **state)
{
	int64_t waits = track("u", NULL), device = track(NULL, "a");

	(void)state;
	assert_int_equal(adopt_line(DEVICE("a", "u", "900", "1000")), 1);
	expect(waits, WAITS);
	assert_int_equal(adopt_line(USER("u", "ann@example.com", "1000")), 1);
	expect(waits, GOES("ann@example.com"));
	expect(device, GOES("ann@example.com"));
	known("v", NULL, UNKNOWN);
	waits = track(NULL, "c");
	assert_int_equal(adopt_line(ANONYMOUS("c", "cyd@example.com", "1000")), 1);
	expect(waits, GOES("cyd@example.com"));
	waits = track("v", NULL);
	assert_int_equal(adopt_line(REPLACED("v", "u", "1000")), 1);
	expect(waits, GOES("ann@example.com"));
	assert_int_equal(adopt_line(REPLACED("v", "u", "1000")), 0);
	assert_int_equal(size(), 4);
}

static void
a_devices_user_follows_from_both_outboxes(void **state)
{
	(void)state;
	when = 1500;
	identify("v", "a", "bob@example.com");
	assert_int_equal(adopt_line(USER("u", "ann@example.com", "1000")), 1);
	assert_int_equal(adopt_line(DEVICE("a", "u", "1400", "1400")), 1);
	known(NULL, "a", GOES("bob@example.com"));
	assert_int_equal(adopt_line(DEVICE("a", "u", "1400", "1400")), 0);
	assert_int_equal(adopt_line(DEVICE("a", "u", "1505", "1505")), 1);
	when = 1504;
	known(NULL, "a", GOES("bob@example.com"));
	when = 1505;
	known(NULL, "a", GOES("ann@example.com"));
	/* Two users claim the device at the same time: the order is not known. */
	assert_int_equal(adopt_line(DEVICE("b", "u", "1400", "1400")), 1);
	assert_int_equal(adopt_line(DEVICE("b", "v", "1400", "1400")), 0);
	assert_int_equal(adopt_line(DEVICE("x", "x", "1400", "1400")), 0);
	size();
}

/* A time in the future counts as now. */
static void
a_merged_claim_lasts_until_its_last_call(void **state)
{
	(void)state;
	received = 2000000;
	adopt_line(USER("u", "ann@example.com", "1000"));
	assert_int_equal(adopt_line(DEVICE("a", "u", "1000", "900000")), 1);
	when = 500000;
	identify("v", "a", "bob@example.com"); /* this call is late: u has called since */
	known(NULL, "a", GOES("ann@example.com"));
	when = 900001;
	track("v", "a");
	known(NULL, "a", GOES("bob@example.com"));
}

static void
a_repetition_changes_nothing_and_ties_are_ours(void **state)
{
	const char *line = USER("u", "old@example.com", "1500");

	(void)state;
	assert_int_equal(adopt_line(line), 1);
	when = 1500;
	identify("u", NULL, "new@example.com");
	assert_int_equal(adopt_line(line), 0);
	known("u", NULL, GOES("new@example.com"));
	assert_int_equal(rig_number("SELECT count(*) FROM operation"), 1);
	assert_int_equal(adopt_line(USER("u", "ahead@example.com", "99999999999999")), 1);
	known("u", NULL, GOES("ahead@example.com"));
	assert_true(
	    rig_number("SELECT max(identified_at) FROM identity") < INT64_C(99999999999999));
	assert_int_equal(adopt_line(REPLACED("f", "h", "99999999999999")), 1);
	assert_int_equal(adopt_line(DEVICE("a", "h", "99999999999999", "99999999999999")), 1);
	assert_true(
	    rig_number("SELECT max(max(since, said_at)) FROM identity") < INT64_C(99999999999999));
	assert_int_equal(adopt_line(USER("e", "epoch@example.com", "0")), 1);
	known("e", NULL, GOES("epoch@example.com"));
}

static void
many_unresolved_events_become_due_in_later_transactions(void **state)
{
	static const char *const users[] = { "0", "1", "2" };
	int64_t first = 0;

	(void)state;
	for (int i = 0; i < 3 * UNRESOLVED_STEP; i++) {
		int64_t id = track(users[i % 3], NULL);

		first = i == 0 ? id : first;
	}
	adopt_line(USER("0", "a@example.com", "9000"));
	adopt_line(USER("1", "a@example.com", "9000"));
	adopt_line(USER("2", "a@example.com", "9000"));
	expect(first, GOES("a@example.com"));
	for (int i = 0; i < 3 * UNRESOLVED_STEP; i++)
		wait_for(1000, true);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM state WHERE awaiting_since IS NOT NULL"), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM identity_release"), 0);
}

static void
of_two_addresses_the_later_one_counts(void **state)
{
	(void)state;
	when = 1500;
	identify("u", NULL, "here@example.com");
	assert_int_equal(adopt_line(USER("u", "older@example.com", "1400")), 0);
	known("u", NULL, GOES("here@example.com"));
	alias("v", "u");
	assert_int_equal(adopt_line(USER("v", "newer@example.com", "1600")), 1);
	known("u", NULL, GOES("newer@example.com"));
	assert_int_equal(adopt_line(REPLACED("v", "w", "1400")), 0);
	known("u", NULL, GOES("newer@example.com"));
}

static void
merged_ids_are_the_first_to_be_removed(void **state)
{
	(void)state;
	wait_for(2, true);
	adopt_line(USER("1", "a@example.com", "1000"));
	adopt_line(USER("2", "a@example.com", "1000"));
	adopt_line(USER("3", "a@example.com", "1000"));
	assert_int_equal(size(), 2);
	/* They are removed before the statements of events stored here. */
	identify("u", NULL, "u@example.com");
	identify("v", NULL, "v@example.com");
	adopt_line(USER("u", "a@example.com", "1000"));
	adopt_line(USER("1", "a@example.com", "1000"));
	known("u", NULL, GOES("u@example.com"));
	known("v", NULL, GOES("v@example.com"));
	wait_for(0, true);
	assert_int_equal(adopt_line(USER("4", "a@example.com", "1000")), 0);
	assert_int_equal(size(), 0);
}

static void
bad_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		USER("1", "a@example.com", "1.5"),
		USER("1", "a@example.com", "1234567890123456"),
		USER("1", "a@example.com", "1.5e"),
		USER("1", "", "1000"),
		USER("", "a@example.com", "1000"),
		TOLD("group", "1", "a@example.com", "1000"),
		DEVICE("a", "", "1000", "1000"),
		DEVICE("a", "u", "x", "1000"),
		LINE("\"kind\":\"user\",\"email\":\"a@example.com\",\"identified_at\":1000"),
		USER("1", "a@example.com", "1000") "x",
		"{\"identity\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (adopt_line(bad[i]) != -1)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(size(), 0);
}

static int64_t
adopt_id(size_t length)
{
	struct buf line;
	char *text;
	int rc;

	buf_init(&line, 1 << 20);
	buf_printf(&line,
	    "{\"identity\":{\"site\":\"main\",\"kind\":\"user\",\"id\":\"%0*d\","
	    "\"email\":\"a@example.com\",\"identified_at\":1000}}",
	    (int)length, 1);
	text = buf_steal(&line, NULL);
	assert_non_null(text);
	rc = (int)adopt_line(text);
	free(text);
	return rc;
}

static void
the_length_of_ids_is_limited(void **state)
{
	(void)state;
	assert_int_equal(adopt_id(SEGMENT_ID_MAX + 1), -1);
	assert_int_equal(adopt_id(SEGMENT_ID_MAX), 1);
	assert_int_equal(size(), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_another_outbox_knew_resolves_events, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_devices_user_follows_from_both_outboxes, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_merged_claim_lasts_until_its_last_call, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_repetition_changes_nothing_and_ties_are_ours, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    many_unresolved_events_become_due_in_later_transactions, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    of_two_addresses_the_later_one_counts, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    merged_ids_are_the_first_to_be_removed, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    the_length_of_ids_is_limited, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(bad_lines_are_refused, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests_name("identity_merge", tests, NULL, NULL);
}
