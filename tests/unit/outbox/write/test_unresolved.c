/* Unresolved events: how they become due, how they are given up, and what operators do to them. */
#include "daemon/jobs/identities.h"
#include "outbox/operate/operate.h"
#include "outbox/write/resolve.h"
#include "unit/outbox/identity/identity_fixture.h"

/* Gives up on events that are unresolved since before `before`; returns their number. */
static int64_t
give_up_before(int64_t before)
{
	struct outbox_unresolved w = { .sites = &wants, .n_sites = 1 };

	wants.give_up_before = before;
	assert_int_equal(rig_send(&w.msg, OUTBOX_UNRESOLVED), 0);
	return w.n_given_up;
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void
unresolved_events_become_due_when_their_id_is_identified(void **state)
{
	int64_t by_user, by_anonymous, other, later;
	int calls;

	(void)state;
	by_user = track("u", NULL);
	by_anonymous = track(NULL, "a");
	other = track("v", "b");
	expect(by_user, WAITS);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE next_attempt_at IS NOT NULL"), 0);
	wait_for(1000, true); /* wait until the writer has reported the earlier changes */
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
events_that_are_due_do_not_wait(void **state)
{
	struct outbox_unresolved w = { .sites = &wants, .n_sites = 1 };

	(void)state;
	rig_put_one("due");
	wants.waits = false; /* give up all waiting events at once */
	wants.give_up_before = INT64_MAX;
	assert_int_equal(rig_send(&w.msg, OUTBOX_UNRESOLVED), 0);
	assert_int_equal(w.n_found, 0);
	assert_int_equal(w.n_given_up, 0);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE status = 'pending' "
				    "AND next_attempt_at = 0"),
	    1);
}

static void
one_commit_resolves_its_own_events(void **state)
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
unresolved_events_outlive_a_restart(void **state)
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

enum { MANY = 4 * UNRESOLVED_STEP + 7 };

/* Every third event has the userId, the others the anonymousId. */
static void
track_many(void)
{
	static struct segment_event events[MANY];
	static char ids[MANY][16];
	struct outbox_put p;

	for (int i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof(ids[i]), "many-%d", i);
		events[i] = event_of(KIND_TRACK, i % 3 == 0 ? "u" : NULL, i % 3 == 0 ? NULL : "a");
		events[i].message_id = slice_from(ids[i]);
	}
	assert_int_equal(rig_put(events, MANY, &p), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE reason = 'awaiting_identity'"), MANY);
}

/* Checks that no unresolved event is older than a due event of the same address. */
static void
expect_in_order(void)
{
	assert_int_equal(
	    rig_number("SELECT count(*) FROM state WHERE awaiting_since IS NOT NULL AND event_id < "
		       "(SELECT max(event_id) FROM state WHERE status = 'pending' "
		       "AND awaiting_since IS NULL AND email LIKE 'ann@example.com')"),
	    0);
}

/* Called on the writer's thread, before the next step. */
static void
check_first_step(struct outbox_msg *msg, void *arg)
{
	assert_in_range(rig_number("SELECT count(*) FROM state WHERE awaiting_since IS NULL AND "
				   "email LIKE 'ann@example.com'"),
	    UNRESOLVED_STEP, 2 * UNRESOLVED_STEP);
	expect_in_order();
	rig_note_done(msg, arg);
}

/* Resolving takes several steps: events become due in order, and new events of the address come
 * after them. */
static void
many_events_become_due_in_steps_and_in_order(void **state)
{
	struct segment_event events[2], bob;
	struct outbox_put p, q;

	(void)state;
	track_many();
	events[0] = event_of(KIND_IDENTIFY, "u", "a");
	events[0].email = SLICE("ann@example.com");
	events[1] = rig_track("own");
	events[1].email = SLICE("Ann@example.com");
	p = (struct outbox_put){
		.msg = { .type = OUTBOX_PUT, .done = check_first_step },
		.site_id = rig_site,
		.received_at = 2000,
		.events = events,
		.n_events = 2,
	};
	assert_int_equal(outbox_send(rig_outbox, &p.msg), 0);
	rig_wait_done(1);
	bob = rig_track("bob");
	bob.email = SLICE("bob@example.com");
	assert_int_equal(rig_put(&bob, 1, &q), 0);
	expect(q.first_event_id, GOES("bob@example.com"));
	for (int i = 0; rig_number("SELECT count(*) FROM identity_release") > 0; i++) {
		assert_true(i < 100000);
		expect_in_order();
	}
	assert_int_equal(
	    rig_number("SELECT count(*) FROM state WHERE awaiting_since IS NOT NULL"), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE email = 'ann@example.com' "
				    "AND kind = 'track'"),
	    MANY);
	expect(p.first_event_id + 1, GOES("Ann@example.com"));
}

/* Puts the file into a state that a process could have left. */
static void
reopen_after(const char *sql)
{
	struct db db;
	struct err e;

	rig_close();
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, sql, &e), 0);
	db_close(&db, NULL);
	rig_open();
}

#define KNOW_U                                                                                     \
	"INSERT INTO identity (site_id, kind, id, email, identified_at, taught)"                   \
	" VALUES (1, 'user', 'u', 'ann@example.com', 1, 1);"                                       \
	"UPDATE site SET identities = 1;"

/* A process ended between two steps; the next one continues. */
static void
resolving_continues_after_a_restart(void **state)
{
	int64_t id;

	(void)state;
	id = track("u", NULL);
	reopen_after(KNOW_U "INSERT INTO identity_release (site_id, kind, id, email)"
			    " VALUES (1, 'user', 'u', 'ann@example.com')");
	wait_for(1000, true);
	expect(id, GOES("ann@example.com"));
	wait_for(1000, true);
	assert_int_equal(rig_number("SELECT count(*) FROM identity_release"), 0);
}

/* Events keep the address with which they began to become due, even when the id changes its person
 * before the last of them is due. */
static void
a_device_that_changes_hands_does_not_redirect_its_events(void **state)
{
	struct segment_event events[4];
	struct outbox_put p;

	(void)state;
	for (int i = 0; i < 2 * UNRESOLVED_STEP + 100; i++) {
		track(NULL, "a");
		track(NULL, "b");
	}
	events[0] = event_of(KIND_IDENTIFY, "u", "a");
	events[0].email = SLICE("ann@example.com");
	events[1] = event_of(KIND_IDENTIFY, "v", "a");
	events[1].email = SLICE("bob@example.com");
	events[2] = event_of(KIND_IDENTIFY, "w", "b");
	events[2].email = SLICE("cyd@example.com");
	events[3] = event_of(KIND_ALIAS, "x", NULL);
	events[3].previous_id = SLICE("b");
	assert_int_equal(rig_put(events, 4, &p), 0);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM state WHERE awaiting_since IS NOT NULL"), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE email = 'ann@example.com' "
				    "AND kind = 'track'"),
	    2 * UNRESOLVED_STEP + 100);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE email = 'cyd@example.com' "
				    "AND kind = 'track'"),
	    2 * UNRESOLVED_STEP + 100);
	assert_int_equal(rig_number("SELECT count(*) FROM identity_release"), 0);
	known(NULL, "a", GOES("bob@example.com"));
	known(NULL, "b", UNKNOWN);
}

static void
an_event_whose_id_is_known_is_not_given_up(void **state)
{
	int64_t id, own;

	(void)state;
	id = track("u", NULL);
	own = rig_put_one("own");
	reopen_after(KNOW_U "INSERT INTO delivery (event_id, site_id, status) "
			    "VALUES (2, 1, 'pending');"
			    "UPDATE site_count SET events = 2;"
			    "UPDATE delivery SET awaiting_since = 2000");
	wants.give_up_from = 1;
	give_up_before(2001);
	expect(id, GOES("ann@example.com"));
	expect(own, GOES("ann@example.com"));
}

/* A transaction that found nothing left to resolve may be rolled back. */
static void
a_rollback_makes_the_next_step_look_again(void **state)
{
	struct unresolved u;
	struct err e;
	struct db db;
	int64_t n;

	(void)state;
	rig_close();
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	unresolved_open(&u, &db);
	assert_int_equal(resolve_step(&u, &n, &e), 0);
	assert_false(u.resolving);
	unresolved_rolled_back(&u);
	assert_true(u.resolving);
	unresolved_close(&u);
	db_close(&db, NULL);
}

static void
events_are_given_up_after_the_wait(void **state)
{
	int64_t id, other;

	(void)state;
	id = track("u", NULL); /* both events are received at 2000 */
	other = track("v", NULL);
	wants.give_up_from = 1;
	assert_int_equal(give_up_before(2000), 0);
	expect(id, WAITS);
	wants.give_up_from = 2001; /* a clock that is ahead */
	assert_int_equal(give_up_before(2002), 0);
	expect(id, WAITS);
	wants.give_up_from = 2000;
	assert_int_equal(give_up_before(2001), 2);
	expect(id, UNKNOWN);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE settled_at IS NULL"), 0);
	identify("v", NULL, "bob@example.com");
	expect(other, UNKNOWN);
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
operations_keep_events_unresolved_or_resolve_them(void **state)
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
	/* The dispatcher finds that the event has no address. */
	expect(nobody, GOES("-"));
}

/* ---- how long ------------------------------------------------------------------------------- */

static void
a_clock_that_jumped_gives_nobody_up(void **state)
{
	char none[] = "";
	struct config_site site = { .upstream = none, .identity_wait = 1000, .identity_max = 5 };
	struct clock_history history = { 0 };
	struct age_reading now = { 1, AGE_FLOOR + 100000, 50000, CLOCK_UNCONFIRMED };
	const int64_t wall = AGE_FLOOR + 100000;
	struct identity_site want;

	(void)state;
	age_look(&history, &now);
	identities_limits(&site, 7, &history, &want);
	assert_true(want.waits);
	assert_int_equal(want.site_id, 7);
	assert_int_equal(want.max_ids, 5);
	assert_int_equal(want.give_up_from, AGE_FLOOR);
	assert_int_equal(want.give_up_before, wall - 1000);
	now.wall += INT64_C(86400000);
	age_look(&history, &now);
	identities_limits(&site, 7, &history, &want);
	assert_int_equal(want.give_up_before, wall - 1000);
	site.identity_max = 0;
	identities_limits(&site, 7, &history, &want);
	assert_false(want.waits);
	assert_int_equal(want.give_up_from, 0);
	assert_int_equal(want.give_up_before, INT64_MAX);
	site = (struct config_site){ .upstream = none, .identity_max = 5 };
	identities_limits(&site, 7, &history, &want);
	assert_false(want.waits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    unresolved_events_become_due_when_their_id_is_identified, set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    events_that_are_due_do_not_wait, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    one_commit_resolves_its_own_events, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    unresolved_events_outlive_a_restart, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    many_events_become_due_in_steps_and_in_order, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    resolving_continues_after_a_restart, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_device_that_changes_hands_does_not_redirect_its_events, set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_event_whose_id_is_known_is_not_given_up, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_rollback_makes_the_next_step_look_again, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    events_are_given_up_after_the_wait, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    operations_keep_events_unresolved_or_resolve_them, set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_clock_that_jumped_gives_nobody_up, set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
