/* Persons of another outbox, merged into this one. */
#include <stdlib.h>

#include "base/buf.h"
#include "outbox/operate/import.h"
#include "unit/outbox/write/identity_fixture.h"

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

#define PERSON(email, at, ids)                                                                     \
	"{\"person\":{\"site\":\"main\",\"email\":\"" email "\",\"identified_at\":" at             \
	",\"ids\":[" ids "]}}"
#define USER(id) "[\"user\",\"" id "\"]"

static void
a_person_is_merged_and_resolves_events(void **state)
{
	int64_t waits = track("u", NULL);

	(void)state;
	assert_int_equal(
	    adopt_line(PERSON("ann@example.com", "1000", USER("u") ",[\"anonymous\",\"a\",\"u\"]")),
	    2);
	expect(waits, GOES("ann@example.com"));
	known("u", NULL, GOES("ann@example.com"));
	known(NULL, "a", GOES("ann@example.com"));
	known("v", "a", UNKNOWN);
	assert_int_equal(adopt_line(PERSON("bob@example.com", "1000", USER("b"))), 1);
	known("u", NULL, GOES("ann@example.com"));
	known("b", NULL, GOES("bob@example.com"));
	assert_int_equal(size(), 3);
	assert_int_equal(rig_number("SELECT count(DISTINCT person) FROM identity"), 2);
}

#define ANONYMOUS(id) "[\"anonymous\",\"" id "\"]"
#define ANONYMOUS_WITH(id, user) "[\"anonymous\",\"" id "\",\"" user "\"]"

static void
another_users_device_joins_no_two_persons(void **state)
{
	(void)state;
	identify("v", "a", "bob@example.com");
	alias("b", "v");
	assert_int_equal(
	    adopt_line(PERSON("ann@example.com", "9000", USER("u") "," ANONYMOUS_WITH("a", "u"))),
	    1);
	known(NULL, "a", GOES("bob@example.com"));
	known("u", NULL, GOES("ann@example.com"));
	assert_int_equal(
	    adopt_line(PERSON("ann@example.com", "9000", ANONYMOUS("b") "," USER("u"))), 0);
	assert_int_equal(
	    adopt_line(PERSON("ann@example.com", "9000", ANONYMOUS_WITH("b", "u"))), 0);
	known(NULL, "b", GOES("bob@example.com"));
	known("v", NULL, GOES("bob@example.com"));
	assert_int_equal(
	    adopt_line(PERSON("ann@example.com", "9000", USER("u") "," ANONYMOUS("a"))), 0);
	known(NULL, "a", GOES("bob@example.com"));
	alias("d", "w");
	assert_int_equal(adopt_line(PERSON("ann@example.com", "9000",
			     USER("d") "," USER("u") "," ANONYMOUS_WITH("d", "u"))),
	    0);
	known("w", NULL, UNKNOWN);
	assert_int_equal(adopt_line(PERSON("new@example.com", "9000", ANONYMOUS("a"))), 1);
	known(NULL, "a", GOES("new@example.com"));
	known("w", "a", UNKNOWN);
	/* A device of the same user, and one that no user has. */
	assert_int_equal(
	    adopt_line(PERSON("new@example.com", "9000", ANONYMOUS("b") "," USER("v"))), 2);
	known(NULL, "b", GOES("new@example.com"));
	identify(NULL, "c", "old@example.com");
	assert_int_equal(
	    adopt_line(PERSON("ann@example.com", "9000", ANONYMOUS_WITH("c", "u"))), 1);
	known(NULL, "c", GOES("ann@example.com"));
	known("w", "c", UNKNOWN);
}

/* Also: a time in the future counts as now. */
static void
a_repetition_changes_nothing_and_ties_are_ours(void **state)
{
	const char *line = PERSON("old@example.com", "1500", USER("u"));

	(void)state;
	assert_int_equal(adopt_line(line), 1);
	when = 1500;
	identify("u", NULL, "new@example.com");
	assert_int_equal(adopt_line(line), 0);
	known("u", NULL, GOES("new@example.com"));
	assert_int_equal(rig_number("SELECT count(*) FROM operation"), 1);
	assert_int_equal(adopt_line(PERSON("ahead@example.com", "99999999999999", USER("u"))), 1);
	known("u", NULL, GOES("ahead@example.com"));
	assert_true(
	    rig_number("SELECT max(identified_at) FROM identity") < INT64_C(99999999999999));
	when = 1700;
	identify(NULL, "c", "new@example.com");
	assert_int_equal(
	    adopt_line(PERSON("old@example.com", "1700", ANONYMOUS_WITH("c", "x"))), 0);
	known(NULL, "c", GOES("new@example.com"));
	/* Joining ids is a change, too, even without a known address. */
	assert_int_equal(
	    adopt_line("{\"person\":{\"site\":\"main\",\"ids\":[[\"user\",\"f\"]]}}"), 1);
	alias("g", "h");
	for (int i = 2; i >= 0; i -= 2)
		assert_int_equal(
		    adopt_line("{\"person\":{\"site\":\"main\",\"ids\":[[\"user\",\"f\"],"
			       "[\"user\",\"h\"]]}}"),
		    i);
	assert_int_equal(adopt_line(PERSON("epoch@example.com", "0", USER("e"))), 1);
	known("e", NULL, GOES("epoch@example.com"));
}

/* They are taught the address all the same, and events of any of their ids become due. */
static void
persons_with_too_many_ids_stay_apart(void **state)
{
	int64_t waits[2];
	char id[16];

	(void)state;
	for (int i = 0; i < IDENTITY_PERSON_MAX; i++) {
		snprintf(id, sizeof(id), "p-%d", i);
		alias(id, "p");
		snprintf(id, sizeof(id), "q-%d", i);
		alias(id, "q");
	}
	waits[0] = track("p", NULL);
	waits[1] = track("q", NULL);
	assert_int_equal(adopt_line(PERSON("ann@example.com", "9000", USER("p") "," USER("q"))), 2);
	expect(waits[0], GOES("ann@example.com"));
	expect(waits[1], GOES("ann@example.com"));
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
	adopt_line(PERSON("a@example.com", "9000", USER("0") "," USER("1") "," USER("2")));
	expect(first, GOES("a@example.com"));
	for (int i = 0; i < 3 * UNRESOLVED_STEP; i++)
		wait_for(1000, true);
	assert_int_equal(rig_number("SELECT count(*) FROM delivery WHERE next_attempt_at < 0"), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM identity_release"), 0);
}

static void
of_two_addresses_the_later_one_counts(void **state)
{
	(void)state;
	when = 1500;
	identify("u", NULL, "here@example.com");
	assert_int_equal(
	    adopt_line(PERSON("older@example.com", "1400", USER("u") "," USER("v"))), 2);
	known("u", NULL, GOES("here@example.com"));
	known("v", NULL, GOES("here@example.com"));
	assert_int_equal(adopt_line(PERSON("newer@example.com", "1600", USER("v"))), 1);
	known("u", NULL, GOES("newer@example.com"));
}

static void
merged_ids_are_the_first_to_be_removed(void **state)
{
	(void)state;
	wait_for(2, true);
	for (int i = 0; i < 3; i++)
		adopt_line(i == 0   ? PERSON("a@example.com", "1000", USER("1"))
			   : i == 1 ? PERSON("a@example.com", "1000", USER("2"))
				    : PERSON("a@example.com", "1000", USER("3")));
	assert_int_equal(size(), 2);
	/* They are removed before those that events here taught. */
	identify("u", NULL, "u@example.com");
	identify("v", NULL, "v@example.com");
	adopt_line(PERSON("a@example.com", "1000", USER("u")));
	adopt_line(PERSON("a@example.com", "1000", USER("1")));
	known("u", NULL, GOES("u@example.com"));
	known("v", NULL, GOES("v@example.com"));
	wait_for(0, true);
	assert_int_equal(adopt_line(PERSON("a@example.com", "1000", USER("4"))), 0);
	assert_int_equal(size(), 0);
}

static void
bad_persons_are_refused(void **state)
{
	static const char *const bad[] = {
		PERSON("a@example.com", "1.5", USER("1")),
		PERSON("a@example.com", "1234567890123456", USER("1")),
		PERSON("a@example.com", "1.5e", USER("1")),
		PERSON("", "1000", USER("1")),
		PERSON("a@example.com", "1000", "[\"group\",\"1\"]"),
		PERSON("a@example.com", "1000", "[\"user\"]"),
		PERSON("a@example.com", "1000", "[\"user\",\"\"]"),
		PERSON("a@example.com", "1000", "[\"user\",\"1\",\"2\",\"3\"]"),
		PERSON("a@example.com", "1000", USER("1")) "x",
		"{\"person\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (adopt_line(bad[i]) != -1)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(size(), 0);
}

static int64_t
adopt_ids(int n, size_t length)
{
	struct buf line;
	char *text;
	int rc;

	buf_init(&line, 1 << 20);
	buf_printf(&line, "{\"person\":{\"site\":\"main\",\"email\":\"a@example.com\","
			  "\"identified_at\":1000,\"ids\":[");
	for (int i = 0; i < n; i++)
		buf_printf(&line, "%s[\"user\",\"%0*d\"]", i > 0 ? "," : "", (int)length, i);
	buf_append_literal(&line, "]}}");
	text = buf_steal(&line, NULL);
	assert_non_null(text);
	rc = (int)adopt_line(text);
	free(text);
	return rc;
}

static void
lengths_and_numbers_of_ids_are_limited(void **state)
{
	(void)state;
	assert_int_equal(adopt_ids(IDENTITY_PERSON_MAX + 1, 4), -1);
	assert_int_equal(size(), 0);
	assert_int_equal(adopt_ids(IDENTITY_PERSON_MAX, 4), IDENTITY_PERSON_MAX);
	assert_int_equal(rig_number("SELECT count(DISTINCT person) FROM identity"), 1);
	assert_int_equal(adopt_ids(1, SEGMENT_ID_MAX + 1), -1);
	assert_int_equal(adopt_ids(1, SEGMENT_ID_MAX), 1);
	assert_int_equal(size(), IDENTITY_PERSON_MAX + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_person_is_merged_and_resolves_events, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    another_users_device_joins_no_two_persons, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_repetition_changes_nothing_and_ties_are_ours, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    persons_with_too_many_ids_stay_apart, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    many_unresolved_events_become_due_in_later_transactions, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    of_two_addresses_the_later_one_counts, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    merged_ids_are_the_first_to_be_removed, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    lengths_and_numbers_of_ids_are_limited, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(bad_persons_are_refused, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests_name("identity_merge", tests, NULL, NULL);
}
