/* Operations: what they change, what they leave unchanged, and what the audit keeps. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/operate/operate.h"
#include "unit/outbox/handmade.h"

static struct handmade box;

static int
make_box(void **state)
{
	(void)state;
	handmade_create(&box);
	return 0;
}

static int
remove_box(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

/* One event of each status: event i has status i - 1. */
static void
add_one_of_each(void)
{
	for (int i = 0; i < STATUS_COUNT; i++)
		handmade_event(&box, i + 1, "A", "a@b.cc", (enum event_status)i, "why");
}

static int64_t
apply_verb(enum operate_verb verb, const struct outbox_filter *f, int *ret_slices)
{
	struct outbox_operation op = { .verb = verb, .filter = f, .actor = "ann" };
	struct err e = { 0 };

	*ret_slices = 0;
	do {
		handmade_sql(&box, "BEGIN IMMEDIATE");
		if (operate_step(&box.db, &op, 1000, &e) != 0)
			fail_msg("%s", e.text);
		handmade_sql(&box, "COMMIT");
		++*ret_slices;
	} while (op.more);
	return op.n_events;
}

static int64_t
apply(const struct outbox_filter *f, int *ret_slices)
{
	return apply_verb(OPERATE_REQUEUE, f, ret_slices);
}

static void
requeue_takes_what_did_not_arrive(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	add_one_of_each();
	outbox_filter_init(&f);
	f.all = true;
	assert_int_equal(apply(&f, &steps), 5);
	assert_int_equal(steps, 1);
	assert_int_equal(
	    handmade_int(&box,
		"SELECT count(*) FROM delivery WHERE status = 'pending' AND attempts = 0"
		" AND next_attempt_at = 0 AND settled_at IS NULL AND reason IS NULL"
		" AND max_batch IS NULL"),
	    5);
	/* The pending event and the delivered one are unchanged. */
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE attempts = 4 AND reason = 'why'"
			       " AND max_batch = 7 AND event_id IN (1, 2)"),
	    2);
}

static void
requeue_sends_again_only_what_is_named(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	add_one_of_each();
	outbox_filter_init(&f);
	f.since = 1;
	f.statuses = 1u << STATUS_DELIVERED;
	assert_int_equal(apply(&f, &steps), 1);
	assert_int_equal(apply(&f, &steps), 0);
	handmade_sql(&box, "UPDATE delivery SET status = 'delivered'");
	f.statuses = 0;
	assert_int_equal(apply(&f, &steps), 0);
	outbox_filter_add_id(&f, 5, NULL);
	assert_int_equal(apply(&f, &steps), 1);
	outbox_filter_free(&f);
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "m-6", NULL);
	assert_int_equal(apply(&f, &steps), 1);
	/* A pending event stays as it is. */
	assert_int_equal(apply(&f, &steps), 0);
	outbox_filter_free(&f);
	f.statuses = 1u << STATUS_PENDING;
	assert_int_equal(operate_statuses(OPERATE_REQUEUE, &f), 0);
	assert_int_equal(apply(&f, &steps), 0);
}

#define RIGHT                                                                                      \
	"SELECT total(checksum = event_checksum(event_id, site_id, message_id, kind, name, email," \
	" occurred_at, received_at, envelope_id, browser, provisional, body)) FROM event"

/* Events 1 to 4 are changed; 1 to 3 are held because of that, and 4 by an operator. Three of them
 * have the values of a batch, which are changed, too. */
static void
damage_four(void)
{
	handmade_sql(&box, "DELETE FROM event; DELETE FROM delivery; DELETE FROM envelope");
	for (int64_t id = 1; id <= 4; id++)
		handmade_event(
		    &box, id, "A", "a@b.cc", STATUS_HELD, id < 4 ? "damaged" : "operator");
	handmade_sql(&box, "UPDATE event SET envelope_id = 1, body = 'changed';"
			   "INSERT INTO envelope (envelope_id, context) VALUES (1, 'changed')");
}

static void
check_accepted(const struct outbox_filter *f, enum operate_verb verb, int64_t n, int64_t right)
{
	int steps;

	damage_four();
	assert_int_equal(apply_verb(verb, f, &steps), n);
	assert_int_equal(handmade_int(&box, RIGHT), right);
	assert_int_equal(
	    handmade_int(&box, "SELECT checksum = envelope_checksum(envelope_id, context,"
			       " integrations, sent_at) FROM envelope"),
	    right > 0);
}

static void
damage_is_accepted_only_by_name(void **state)
{
	struct outbox_filter f;

	(void)state;
	outbox_filter_init(&f);
	f.all = true;
	check_accepted(&f, OPERATE_RELEASE, 4, 0);
	outbox_filter_set_text(&f, FILTER_REASON, "operator", NULL);
	check_accepted(&f, OPERATE_RELEASE, 1, 0);
	outbox_filter_free(&f);
	outbox_filter_init(&f);
	outbox_filter_set_text(&f, FILTER_REASON, "damaged", NULL);
	check_accepted(&f, OPERATE_DISCARD, 3, 0);
	check_accepted(&f, OPERATE_RELEASE, 3, 3);
	check_accepted(&f, OPERATE_REQUEUE, 3, 3);
	outbox_filter_free(&f);
	outbox_filter_init(&f);
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "m-2", NULL);
	check_accepted(&f, OPERATE_RELEASE, 1, 1);
	outbox_filter_free(&f);
	outbox_filter_init(&f);
	/* Nobody has seen that event 4 is damaged. */
	outbox_filter_add_id(&f, 3, NULL);
	outbox_filter_add_id(&f, 4, NULL);
	check_accepted(&f, OPERATE_RELEASE, 2, 1);
	outbox_filter_free(&f);
}

/* For each verb, what becomes of an event of each status, in the order of enum event_status:
 * the letter of the new status, or a dot for no change. First with --all, then for events named
 * by ids. */
static const struct {
	enum operate_verb verb;
	const char *with_all;
	const char *with_ids;
	const char *reason;
} outcomes[] = {
	{ OPERATE_REQUEUE, "..ppppp", ".pppppp", NULL },
	{ OPERATE_HOLD, "h......", "h......", "operator" },
	{ OPERATE_RELEASE, ".....p.", ".....p.", NULL },
	{ OPERATE_DISCARD, "d.dddd.", "d.dddd.", "operator" },
	{ OPERATE_EXPIRE, "f....f.", "f....f.", "expired" },
};

static void
expect(enum operate_verb verb, const char *letters, const char *reason)
{
	char sql[400];

	_Static_assert(STATUS_PENDING == 0 && STATUS_HELD == 5, "the order of the letters");
	for (int i = 0; i < STATUS_COUNT; i++) {
		bool changed = letters[i] != '.';
		const char *before = status_name((enum event_status)i);

		snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM delivery WHERE event_id = %d AND substr(status, 1, %d) ="
		    " '%.*s' AND reason IS %s%s%s AND (operation_id = 1) IS %s"
		    " AND (settled_at = 1000) IS %s",
		    i + 1, changed ? 1 : 20, changed ? 1 : 20, changed ? &letters[i] : before,
		    changed && reason == NULL ? "" : "'",
		    changed ? reason == NULL ? "NULL" : reason : "why",
		    changed && reason == NULL ? "" : "'", changed ? "TRUE" : "NULL",
		    letters[i] == 'p' || (i == STATUS_PENDING && !changed) ? "NULL"
		    : changed                                              ? "TRUE"
									   : "FALSE");
		if (handmade_int(&box, sql) != 1)
			fail_msg("%s of a %s event: %s", operate_verb_name(verb), before, sql);
	}
}

static void
each_verb_takes_its_statuses(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++)
		for (int named = 0; named < 2; named++) {
			handmade_sql(&box, "DELETE FROM event; DELETE FROM delivery;"
					   "DELETE FROM operation; DELETE FROM operation_event;"
					   "DELETE FROM sqlite_sequence");
			add_one_of_each();
			outbox_filter_init(&f);
			f.all = !named;
			for (int id = 1; named && id <= STATUS_COUNT; id++)
				outbox_filter_add_id(&f, id, NULL);
			apply_verb(outcomes[i].verb, &f, &steps);
			expect(outcomes[i].verb,
			    named ? outcomes[i].with_ids : outcomes[i].with_all,
			    outcomes[i].reason);
			outbox_filter_free(&f);
		}
}

/* A held event keeps its attempts and its batch size. */
static void
release_keeps_attempts_and_batch_size(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	add_one_of_each();
	handmade_sql(&box, "UPDATE delivery SET next_attempt_at = 99, detail = 'x'");
	outbox_filter_init(&f);
	outbox_filter_add_id(&f, 1, NULL);
	assert_int_equal(apply_verb(OPERATE_HOLD, &f, &steps), 1);
	assert_int_equal(apply_verb(OPERATE_RELEASE, &f, &steps), 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE event_id = 1 AND status ="
			       " 'pending' AND attempts = 4 AND max_batch = 7 AND detail IS NULL"
			       " AND next_attempt_at = 0 AND settled_at IS NULL"),
	    1);
	outbox_filter_free(&f);
}

static void
verbs_have_names(void **state)
{
	enum operate_verb verb;

	(void)state;
	for (int i = OPERATE_REQUEUE; i <= OPERATE_UNDO; i++) {
		const char *name = operate_verb_name((enum operate_verb)i);

		assert_int_equal(operate_verb_parse(slice_from(name), &verb), 0);
		assert_int_equal(verb, i);
		assert_true(operate_verb_past(verb)[0] != '\0');
	}
	assert_int_equal(operate_verb_parse(SLICE("pause"), &verb), -1);
}

static void
operation_keeps_the_state_before_it(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	add_one_of_each();
	outbox_filter_init(&f);
	f.statuses = 1u << STATUS_FAILED | 1u << STATUS_HELD;
	assert_int_equal(apply(&f, &steps), 2);
	assert_int_equal(
	    handmade_int(&box,
		"SELECT count(*) FROM operations WHERE actor = 'ann' AND verb = 'requeue'"
		" AND filter = '{\"status\":[\"failed\",\"held\"]}' AND events = 2"
		" AND at = '1970-01-01T00:00:01.000Z' AND note IS NULL"),
	    1);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM operation_event WHERE operation_id = 1 AND"
			       " reason = 'why' AND attempts = 4 AND max_batch = 7"
			       " AND settled_at = event_id * 1000 + 500 AND"
			       " (event_id, status) IN (VALUES (3, 'failed'), (6, 'held'))"),
	    2);
	/* Nothing matches, so no operation is recorded. */
	assert_int_equal(apply(&f, &steps), 0);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM operation"), 1);
}

static void
operation_runs_in_steps(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	handmade_sql(&box, "BEGIN");
	for (int i = 1; i <= 2 * OPERATE_STEP + 1; i++)
		handmade_event(&box, i, "A", "a@b.cc", STATUS_FAILED, "why");
	handmade_sql(&box, "COMMIT");
	outbox_filter_init(&f);
	f.all = true;
	assert_int_equal(apply(&f, &steps), 2 * OPERATE_STEP + 1);
	assert_int_equal(steps, 3);
	assert_int_equal(handmade_int(&box, "SELECT events FROM operation"), 2 * OPERATE_STEP + 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM operation_event"), 2 * OPERATE_STEP + 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE status <> 'pending'"), 0);
}

/* Events that arrive during an operation are not changed. */
static void
operation_ends_where_it_began(void **state)
{
	struct outbox_filter f;
	struct outbox_operation op = { .verb = OPERATE_HOLD, .filter = &f, .actor = "ann" };
	struct err e;
	int steps = 0;

	(void)state;
	handmade_sql(&box, "BEGIN");
	for (int i = 1; i <= OPERATE_STEP + 1; i++)
		handmade_event(&box, i, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "COMMIT");
	outbox_filter_init(&f);
	f.all = true;
	do {
		assert_int_equal(operate_step(&box.db, &op, 1000, &e), 0);
		handmade_event(
		    &box, OPERATE_STEP + 2 + steps++, "A", "a@b.cc", STATUS_PENDING, NULL);
	} while (op.more && steps < 9);
	assert_int_equal(steps, 2);
	assert_int_equal(op.n_events, OPERATE_STEP + 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE status = 'pending'"), 2);
}

static void
operation_looks_at_a_bounded_number_of_rows(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	handmade_event(&box, 1, "A", "a@b.cc", STATUS_FAILED, "why");
	handmade_event(&box, OPERATE_SCAN + 1, "A", "a@b.cc", STATUS_FAILED, "why");
	handmade_event(&box, OPERATE_SCAN + 2, "A", "a@b.cc", STATUS_FAILED, "why");
	outbox_filter_init(&f);
	f.all = true;
	assert_int_equal(apply(&f, &steps), 3);
	assert_int_equal(steps, 2);
}

static void
operation_stops_at_the_limit(void **state)
{
	struct outbox_filter f;
	int steps;

	(void)state;
	handmade_sql(&box, "BEGIN");
	for (int i = 1; i <= OPERATE_STEP + 9; i++)
		handmade_event(&box, i, "A", "a@b.cc", STATUS_FAILED, "why");
	handmade_sql(&box, "COMMIT");
	outbox_filter_init(&f);
	f.all = true;
	f.limit = OPERATE_STEP + 1;
	assert_int_equal(apply(&f, &steps), OPERATE_STEP + 1);
	assert_int_equal(steps, 2);
	assert_int_equal(
	    handmade_int(&box, "SELECT min(event_id) FROM delivery WHERE status = 'failed'"),
	    OPERATE_STEP + 2);
}

static void
operation_needs_a_filter(void **state)
{
	struct outbox_operation op = { .verb = OPERATE_REQUEUE, .actor = "ann" };
	struct outbox_filter f;
	struct err e;

	(void)state;
	add_one_of_each();
	outbox_filter_init(&f);
	f.limit = 3;
	op.filter = &f;
	assert_int_equal(operate_step(&box.db, &op, 1000, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE status = 'pending'"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    requeue_takes_what_did_not_arrive, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    damage_is_accepted_only_by_name, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    requeue_sends_again_only_what_is_named, make_box, remove_box),
		cmocka_unit_test_setup_teardown(each_verb_takes_its_statuses, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    release_keeps_attempts_and_batch_size, make_box, remove_box),
		cmocka_unit_test(verbs_have_names),
		cmocka_unit_test_setup_teardown(
		    operation_keeps_the_state_before_it, make_box, remove_box),
		cmocka_unit_test_setup_teardown(operation_runs_in_steps, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    operation_ends_where_it_began, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    operation_looks_at_a_bounded_number_of_rows, make_box, remove_box),
		cmocka_unit_test_setup_teardown(operation_stops_at_the_limit, make_box, remove_box),
		cmocka_unit_test_setup_teardown(operation_needs_a_filter, make_box, remove_box),
	};

	return cmocka_run_group_tests_name("operate", tests, NULL, NULL);
}
