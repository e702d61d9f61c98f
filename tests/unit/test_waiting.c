/* Events that wait for their address: going, giving up, and what operators do to them. */
#include "outbox/operate.h"
#include "unit/identity_fixture.h"

/* ---- waiting -------------------------------------------------------------------------------- */

static void
test_wait_and_go(void **state)
{
	int64_t by_user, by_anonymous, other, later;
	int calls;

	(void)state;
	by_user = track("u", NULL);
	by_anonymous = track(NULL, "a");
	other = track("v", "a");
	expect(by_user, WAITS);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE next_attempt_at IS NOT NULL"), 0);
	wait_for(1000, true); /* so that the writer has told what came before */
	calls = atomic_load(&rig_changed_calls);
	later = identify("u", "a", "ann@example.com");
	wait_for(1000, true);
	assert_int_equal(atomic_load(&rig_changed_calls), calls + 1);
	expect(by_user, GOES("ann@example.com"));
	expect(by_anonymous, GOES("ann@example.com"));
	expect(other, WAITS);
	assert_true(later > by_anonymous);
	identify("v", NULL, "bob@example.com");
	expect(other, GOES("bob@example.com"));
}

static void
test_same_commit(void **state)
{
	struct segment_event events[3];
	struct outbox_put p;

	(void)state;
	events[0] = event_of(KIND_TRACK, NULL, "a");
	events[1] = event_of(KIND_IDENTIFY, "u", "a");
	events[1].email = SLICE("ann@example.com");
	events[2] = event_of(KIND_TRACK, "u", NULL);
	assert_int_equal(rig_put(events, 3, &p), 0);
	expect(p.first_event_id, GOES("ann@example.com"));
	expect(p.first_event_id + 2, GOES("ann@example.com"));
}

static void
test_restart(void **state)
{
	int64_t id;

	(void)state;
	identify("v", NULL, "bob@example.com");
	id = track("u", NULL);
	rig_close();
	rig_open();
	wait_for(1000, true);
	expect(id, WAITS);
	expect(track("v", NULL), GOES("bob@example.com"));
	identify("u", NULL, "ann@example.com");
	expect(id, GOES("ann@example.com"));
}

/* More than one slice: in order, and what comes meanwhile stands behind it. */
static void
test_many(void **state)
{
	enum { MANY = 4 * WAITING_SLICE + 7 };
	static struct segment_event events[MANY];
	static char ids[MANY][16];
	struct segment_event own;
	struct outbox_put p, q, r;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof(ids[i]), "many-%d", i);
		events[i] = event_of(KIND_TRACK, i % 3 == 0 ? "u" : NULL, i % 3 == 0 ? NULL : "a");
		events[i].message_id = slice_from(ids[i]);
	}
	assert_int_equal(rig_put(events, MANY, &p), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE reason = 'awaiting_identity'"), MANY);
	/* The identify and what follows it are one message, so that no slice comes between. */
	events[0] = event_of(KIND_IDENTIFY, "u", "a");
	events[0].email = SLICE("ann@example.com");
	own = rig_track("own");
	own.email = SLICE("Ann@example.com");
	events[1] = own;
	assert_int_equal(rig_put(events, 2, &q), 0);
	own = rig_track("bob");
	own.email = SLICE("bob@example.com");
	assert_int_equal(rig_put(&own, 1, &r), 0);
	expect(r.first_event_id, GOES("-"));
	for (int i = 0; rig_number("SELECT count(*) FROM identity_release") > 0; i++) {
		int64_t newest = rig_number("SELECT max(event_id) FROM delivery WHERE email IS NOT "
					    "NULL AND status = 'pending' AND next_attempt_at = 0");
		char sql[128];

		assert_true(i < 100000);
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM delivery WHERE next_attempt_at < 0 AND event_id < %lld",
		    (long long)newest);
		assert_int_equal(rig_number(sql), 0);
	}
	assert_int_equal(rig_number("SELECT count(*) FROM delivery WHERE next_attempt_at < 0"), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM delivery WHERE email = 'ann@example.com'"), MANY);
	expect(q.first_event_id + 1, GOES("Ann@example.com"));
}

static void
test_the_wait_ends(void **state)
{
	struct outbox_waiting w = { .sites = &wants, .n_sites = 1 };
	int64_t id, known_meanwhile;

	(void)state;
	id = track("u", NULL); /* received at 2000 */
	known_meanwhile = track("v", NULL);
	wants.give_up_from = 1;
	wants.give_up_before = 2000;
	assert_int_equal(rig_send(&w.msg, OUTBOX_WAITING), 0);
	expect(id, WAITS);
	wants.give_up_before = 2001;
	wants.give_up_from = 2001;
	assert_int_equal(rig_send(&w.msg, OUTBOX_WAITING), 0);
	expect(id, WAITS);
	wants.give_up_from = 2000;
	assert_int_equal(rig_send(&w.msg, OUTBOX_WAITING), 0);
	assert_int_equal(w.n_given_up, 2);
	expect(id, UNKNOWN);
	assert_int_equal(rig_number("SELECT count(*) FROM delivery WHERE settled_at IS NULL"), 0);
	identify("v", NULL, "bob@example.com");
	expect(known_meanwhile, UNKNOWN);
}

/* ---- operators ------------------------------------------------------------------------------ */

static void
operate(enum operate_verb verb, int64_t event_id)
{
	struct outbox_operation op = { .verb = verb, .actor = "test" };
	struct outbox_filter f;
	struct err e;

	outbox_filter_init(&f);
	assert_int_equal(outbox_filter_add_id(&f, event_id, &e), 0);
	op.filter = &f;
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
	outbox_filter_free(&f);
}

static void
undo_last(void)
{
	struct outbox_operation op = { .verb = OPERATE_UNDO, .actor = "test" };

	op.undoes = rig_number("SELECT max(operation_id) FROM operation");
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
}

static void
test_operators(void **state)
{
	int64_t id, nobody;

	(void)state;
	id = track("u", NULL);
	operate(OPERATE_HOLD, id);
	expect(id, "held operator -");
	undo_last();
	expect(id, WAITS);
	operate(OPERATE_HOLD, id);
	identify("u", NULL, "ann@example.com");
	expect(id, "held operator -");
	operate(OPERATE_RELEASE, id);
	expect(id, GOES("ann@example.com"));
	id = track("v", NULL);
	operate(OPERATE_DISCARD, id);
	expect(id, "discarded operator -");
	operate(OPERATE_REQUEUE, id);
	expect(id, WAITS);
	identify("v", NULL, "bob@example.com");
	expect(id, GOES("bob@example.com"));
	wait_for(1000, false);
	id = track("w", NULL);
	nobody = track(NULL, NULL);
	expect(id, UNKNOWN);
	operate(OPERATE_REQUEUE, id);
	operate(OPERATE_REQUEUE, nobody);
	expect(id, WAITS);
	/* Whoever sends finds that nobody can be named. */
	expect(nobody, GOES("-"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_wait_and_go, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_same_commit, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_restart, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_the_wait_ends, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(test_operators, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
