/* Undo: which events are restored, which are not and why. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "outbox/operate/erase.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/site_control.h"
#include "unit/outbox/handmade.h"

static struct handmade box;

static int
make_box(void **state)
{
	(void)state;
	handmade_create(&box);
	for (int i = 0; i < STATUS_COUNT; i++)
		handmade_event(&box, i + 1, "A", "a@b.cc", (enum event_status)i, "why");
	handmade_sql(&box, "UPDATE delivery SET detail = 'detail ' || event_id");
	handmade_sql(&box, "CREATE TABLE kept AS SELECT * FROM delivery");
	return 0;
}

static int
remove_box(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

/* Runs all steps of an operation; returns its id. */
static int64_t
run(struct outbox_operation *op)
{
	struct err e = { 0 };

	op->actor = "ann";
	do {
		handmade_sql(&box, "BEGIN IMMEDIATE");
		if (operate_step(&box.db, op, 1000, &e) != 0)
			fail_msg("%s", e.text);
		handmade_sql(&box, "COMMIT");
	} while (op->more);
	return op->operation_id;
}

/* Operates on all events, or on one. */
static int64_t
operate(enum operate_verb verb, int64_t event_id)
{
	struct outbox_operation op = { .verb = verb };
	struct outbox_filter f;
	int64_t id;

	outbox_filter_init(&f);
	f.all = event_id == 0;
	if (event_id != 0)
		outbox_filter_add_id(&f, event_id, NULL);
	op.filter = &f;
	id = run(&op);
	outbox_filter_free(&f);
	return id;
}

static struct outbox_operation
undo(int64_t id)
{
	struct outbox_operation op = { .verb = OPERATE_UNDO, .undoes = id };

	run(&op);
	return op;
}

static int64_t
undone_by(int64_t id)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT undone_by FROM operations WHERE operation_id = %lld",
	    (long long)id);
	return handmade_int(&box, sql);
}

/* Counts the rows that differ from the start, apart from retry times. */
static int64_t
changed(void)
{
	return handmade_int(&box,
	    "SELECT count(*) FROM delivery d JOIN kept k ON k.event_id = d.event_id"
	    " WHERE d.status <> k.status OR d.reason IS NOT k.reason OR d.attempts <> k.attempts"
	    " OR d.settled_at IS NOT k.settled_at OR d.max_batch IS NOT k.max_batch"
	    " OR d.detail IS NOT k.detail OR d.maybe_sent <> k.maybe_sent");
}

static void
undo_restores_every_column(void **state)
{
	(void)state;
	for (int verb = OPERATE_REQUEUE; verb < OPERATE_UNDO; verb++) {
		int64_t id = operate((enum operate_verb)verb, 0);
		int64_t touched = changed();
		struct outbox_operation op;

		assert_true(touched > 0);
		op = undo(id);
		assert_int_equal(op.n_events, touched);
		assert_int_equal(changed(), 0);
		assert_int_equal(undone_by(id), op.operation_id);
	}
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM operations WHERE verb = 'undo' AND actor ="
			       " 'ann' AND filter LIKE '{\"operation\":%'"),
	    5);
}

static void
undo_leaves_what_was_delivered_meanwhile(void **state)
{
	int64_t id = operate(OPERATE_DISCARD, 0);
	struct outbox_operation op;

	(void)state;
	handmade_sql(&box, "UPDATE delivery SET status = 'delivered' WHERE event_id = 1;"
			   "DELETE FROM delivery WHERE event_id = 3");
	op = undo(id);
	assert_int_equal(op.n_events, 3);
	assert_int_equal(op.left.delivered, 1);
	assert_int_equal(op.left.gone, 1);
	assert_int_equal(op.left.changed + op.left.settled + op.left.undone, 0);
	assert_int_equal(changed(), 1);
}

/* The event has the status that it had before the requeue, not the status that the requeue gave. */
static void
undo_leaves_what_was_requeued_and_failed_again(void **state)
{
	int64_t id = operate(OPERATE_REQUEUE, 3);
	struct outbox_operation op;

	(void)state;
	handmade_sql(&box,
	    "UPDATE delivery SET status = 'failed', reason = 'why', attempts = 1, settled_at = 7"
	    " WHERE event_id = 3");
	op = undo(id);
	assert_int_equal(op.n_events, 0);
	assert_int_equal(op.operation_id, 0);
	assert_int_equal(op.left.settled, 1);
	assert_int_equal(undone_by(id), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT settled_at FROM delivery WHERE event_id = 3"), 7);
}

static void
undo_keeps_what_was_charged_meanwhile(void **state)
{
	int64_t id = operate(OPERATE_REQUEUE, 3);

	(void)state;
	/* Event 3 is still pending after an attempt, so it can be restored. */
	handmade_sql(&box, "UPDATE delivery SET attempts = 2, maybe_sent = 1, max_batch = 3,"
			   " next_attempt_at = 50, reason = 'x' WHERE event_id = 3");
	assert_int_equal(undo(id).n_events, 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE event_id = 3 AND status ="
			       " 'failed' AND reason = 'why' AND attempts = 4 + 2 AND maybe_sent ="
			       " 1 AND max_batch = 7 AND next_attempt_at = 0"),
	    1);
}

static void
undo_leaves_what_a_later_operation_changed(void **state)
{
	int64_t first = operate(OPERATE_DISCARD, 0), requeue, second;
	struct outbox_operation op;

	(void)state;
	requeue = operate(OPERATE_REQUEUE, 1);
	/* The event has the same status and reason, but from another operation. */
	second = operate(OPERATE_DISCARD, 1);
	op = undo(first);
	assert_int_equal(op.n_events, 4);
	assert_int_equal(op.left.changed, 1);
	assert_int_equal(op.left.changed_by, second);
	/* Undoing the operations one after another, newest first, restores every event. */
	assert_int_equal(undo(second).n_events, 1);
	assert_int_equal(undo(requeue).n_events, 1);
	assert_int_equal(undo(first).n_events, 1);
	assert_int_equal(changed(), 0);
}

static void
undo_can_be_undone(void **state)
{
	int64_t id = operate(OPERATE_DISCARD, 0);
	struct outbox_operation back = undo(id), again, twice;

	(void)state;
	again = undo(back.operation_id);
	assert_int_equal(again.n_events, 5);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE status = 'discarded'"), 6);
	/* The discard is in force again, and its events are as it left them. */
	assert_int_equal(undone_by(id), 0);
	assert_int_equal(undone_by(back.operation_id), again.operation_id);
	twice = undo(id);
	assert_int_equal(twice.n_events, 5);
	assert_int_equal(undone_by(id), twice.operation_id);
	assert_int_equal(changed(), 0);
}

static void
undo_is_done_once(void **state)
{
	int64_t id = operate(OPERATE_DISCARD, 0);
	struct outbox_operation op;

	(void)state;
	assert_int_equal(undo(id).n_events, 5);
	op = undo(id);
	assert_int_equal(op.n_events, 0);
	assert_int_equal(op.left.undone, 5);
	/* Changes after the event was restored do not belong to the operation. */
	handmade_sql(&box, "UPDATE delivery SET status = 'discarded' WHERE event_id = 1");
	assert_int_equal(undo(id).n_events, 0);
}

/* The process died after the first step; the same undo continues with the rest. */
static void
undo_goes_on_after_a_crash(void **state)
{
	struct outbox_operation op = { .verb = OPERATE_UNDO, .actor = "ann" };
	struct err e = { 0 };

	(void)state;
	handmade_sql(&box, "BEGIN");
	for (int i = 100; i <= 100 + OPERATE_STEP; i++)
		handmade_event(&box, i, "A", "a@b.cc", STATUS_FAILED, "why");
	handmade_sql(&box, "COMMIT");
	op.undoes = operate(OPERATE_DISCARD, 0);
	assert_int_equal(operate_step(&box.db, &op, 1000, &e), 0);
	assert_true(op.more);
	assert_int_equal(op.n_events, OPERATE_STEP);
	op = undo(op.undoes);
	assert_int_equal(op.n_events, 6);
	assert_int_equal(op.left.undone, OPERATE_STEP);
	assert_int_equal(changed(), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE status = 'discarded'"), 1);
}

static void
dry_run_changes_nothing(void **state)
{
	struct outbox_operation op = { .verb = OPERATE_UNDO, .dry_run = true };
	int64_t before;

	(void)state;
	op.undoes = operate(OPERATE_DISCARD, 0);
	handmade_sql(&box, "UPDATE delivery SET status = 'delivered' WHERE event_id = 1");
	before = handmade_int(&box, "SELECT total_changes()");
	run(&op);
	assert_int_equal(op.n_events, 4);
	assert_int_equal(op.left.delivered, 1);
	assert_int_equal(op.operation_id, 0);
	assert_int_equal(handmade_int(&box, "SELECT total_changes()"), before);
}

static void
what_cannot_be_undone_says_so(void **state)
{
	struct outbox_operation op = { .verb = OPERATE_UNDO, .undoes = 99, .actor = "ann" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(operate_step(&box.db, &op, 1000, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	handmade_sql(&box, "INSERT INTO operation (operation_id, at, actor, verb, filter)"
			   " VALUES (99, 1, 'ann', 'pause', '{}')");
	assert_int_equal(operate_step(&box.db, &op, 1000, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "operation 99 is a pause: it cannot be undone"));
	handmade_sql(&box, "UPDATE operation SET verb = 'import' WHERE operation_id = 99");
	assert_int_equal(operate_step(&box.db, &op, 1000, &e), -1);
	assert_non_null(strstr(e.text, "operation 99 is an import: it cannot be undone"));
}

static void
other_operations_undo_nothing(void **state)
{
	struct outbox_site_control site_control = { .verb = SITE_CONTROL_PAUSE, .actor = "ann" };
	int64_t hold = operate(OPERATE_HOLD, 0);
	struct outbox_operation op = undo(hold);
	struct err e;

	(void)state;
	handmade_sql(&box, "BEGIN IMMEDIATE");
	assert_int_equal(site_control_apply(&box.db, &site_control, 2000, &e), 0);
	handmade_sql(&box, "COMMIT");
	assert_true(site_control.operation_id > op.operation_id);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM operation WHERE undoes IS NOT NULL"), 1);
}

static void
an_erasure_forgets_what_an_undo_would_restore(void **state)
{
	struct outbox_erase erase = { .email = "a@b.cc", .actor = "ann" };
	struct err e;

	(void)state;
	handmade_sql(&box, "UPDATE delivery SET email = 'x@y.zz', detail = 'to a@b.cc'"
			   " WHERE event_id = 1");
	handmade_sql(&box, "UPDATE event SET email = 'x@y.zz', body = NULL WHERE event_id = 1");
	operate(OPERATE_REQUEUE, 0);
	assert_true(
	    handmade_int(&box, "SELECT count(*) FROM operation_event WHERE detail > ''") > 0);
	handmade_sql(&box, "UPDATE delivery SET detail = 'to a@b.cc' WHERE event_id = 1");
	do {
		handmade_sql(&box, "BEGIN IMMEDIATE");
		assert_int_equal(erase_step(&box.db, &erase, 2000, &e), 0);
		handmade_sql(&box, "COMMIT");
	} while (erase.more);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM operation_event WHERE detail > ''"), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE detail LIKE '%a@b.cc%'"), 0);
}

int
main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, make_box, remove_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(undo_restores_every_column),
		WITH_BOX(undo_leaves_what_was_delivered_meanwhile),
		WITH_BOX(undo_leaves_what_was_requeued_and_failed_again),
		WITH_BOX(undo_keeps_what_was_charged_meanwhile),
		WITH_BOX(undo_leaves_what_a_later_operation_changed),
		WITH_BOX(undo_can_be_undone),
		WITH_BOX(undo_is_done_once),
		WITH_BOX(undo_goes_on_after_a_crash),
		WITH_BOX(dry_run_changes_nothing),
		WITH_BOX(what_cannot_be_undone_says_so),
		cmocka_unit_test_setup_teardown(
		    other_operations_undo_nothing, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    an_erasure_forgets_what_an_undo_would_restore, make_box, remove_box),
	};

	return cmocka_run_group_tests_name("undo", tests, NULL, NULL);
}
