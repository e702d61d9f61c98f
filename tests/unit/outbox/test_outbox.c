/* The outbox as a whole: commits and failures, duplicates, the lock, a full disk. */
#include "lib/unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fake_clock.h"
#include "outbox/file/db.h"
#include "outbox/file/lock.h"
#include "outbox/operate/operate.h"
#include "outbox/read/reader.h"
#include "unit/outbox/outbox_rig.h"

static void
events_are_stored_and_due_in_order(void **state)
{
	struct segment_event events[] = { rig_track("a"), rig_track("b"), rig_track("c") };
	struct outbox_reader *r;
	struct outbox_event event;
	struct outbox_put p;
	struct err e;
	int64_t expect = 1;

	(void)state;
	events[1].status = STATUS_INVALID;
	events[1].reason = "no_email";
	assert_int_equal(rig_put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 3);
	assert_int_equal(p.first_event_id, 1);
	assert_int_equal(outbox_reader_open(rig_dir.file, &r, &e), 0);
	assert_int_equal(outbox_due_begin(r, rig_site, 5000, INT64_MAX, 0, 0, &e), 0);
	while (outbox_due_next(r, &event, &e) == 1) {
		assert_int_equal(event.event_id, expect);
		assert_true(SLICE_IS(event.body, "{\"event\":\"Signed Up\"}"));
		assert_true(SLICE_IS(event.context, "{\"ip\":\"192.0.2.1\"}"));
		assert_true(SLICE_IS(event.email, "ann@example.com"));
		assert_int_equal(event.occurred_at, 1000);
		assert_int_equal(event.received_at, 2000);
		expect += 2;
	}
	outbox_due_end(r);
	assert_int_equal(expect, 5);
	assert_int_equal(outbox_event_load(r, 99, &event, &e), 0);
	outbox_reader_close(r);
	assert_int_equal(rig_number("SELECT count(*) FROM envelope"), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM failures WHERE reason = 'no_email' AND "
				    "settled_at = '1970-01-01T00:00:02.000Z'"),
	    1);
	rig_close(); /* the writer reports due events after it has answered */
	assert_true(atomic_load(&rig_due_calls) >= 1);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void
wait_at_gate(struct outbox_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

/* Notes for each message whether another one follows. */
static void
note_followed(struct outbox_msg *msg, void *arg)
{
	char *notes = arg;

	notes[strlen(notes)] = msg->followed ? '+' : '.';
}

static void
a_message_says_whether_its_receiver_gets_the_next_one(void **state)
{
	struct segment_event event = rig_track("a");
	struct outbox_put p[6];
	char one[8] = "", other[8] = "";

	(void)state;
	pthread_mutex_lock(&gate);
	for (size_t i = 0; i < 6; i++) {
		p[i] = (struct outbox_put){ .site_id = rig_site, .events = &event, .n_events = 1 };
		p[i].msg.type = OUTBOX_PUT;
		p[i].msg.done = i == 0 ? wait_at_gate : note_followed;
		p[i].msg.done_arg = i < 4 ? one : other;
		p[i].msg.mail.more = i > 0;
		assert_int_equal(outbox_send(rig_outbox, &p[i].msg), 0);
	}
	outbox_wake(rig_outbox);
	pthread_mutex_unlock(&gate);
	rig_close();
	assert_string_equal(one, "++.");
	assert_string_equal(other, "+.");
}

/* A reader that has read ahead must learn of every change by operators, even when no event
 * becomes due. */
static void
what_operators_change_is_told(void **state)
{
	struct outbox_filter f;
	struct outbox_operation op = { .verb = OPERATE_HOLD, .filter = &f, .actor = "ann" };

	(void)state;
	outbox_filter_init(&f);
	f.all = true;
	rig_put_one("a");
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
	/* on_due is called before the sender learns that the message is done. */
	assert_int_equal(atomic_load(&rig_changed_calls), 1);
	op = (struct outbox_operation){
		.verb = OPERATE_UNDO, .undoes = op.operation_id, .dry_run = true, .actor = "ann"
	};
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
	rig_close();
	/* a dry run changes nothing */
	assert_int_equal(atomic_load(&rig_changed_calls), 1);
}

static void
a_detail_stands_beside_the_reason(void **state)
{
	struct segment_event events[] = { rig_track("a"), rig_track("b"), rig_track("c") };
	struct outbox_settle settle = { .n_events = 1, .status = STATUS_PENDING };
	struct outbox_put p;
	int64_t id;

	(void)state;
	events[0].status = STATUS_INVALID;
	events[0].reason = "event_too_large";
	events[0].detail = "101 bytes; max_event is 100";
	events[1].detail = "a note";
	assert_int_equal(rig_put(events, 3, &p), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM failures WHERE event_id = 1 AND "
				    "error = '101 bytes; max_event is 100'"),
	    1);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE event_id = 2 AND error = 'a note' "
		       "OR event_id = 3 AND error IS NULL"),
	    2);
	/* An event that is settled without a detail keeps the one it has. */
	settle.event_ids = &id;
	for (id = 2; id <= 3; id++)
		assert_int_equal(rig_send(&settle.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE error = 'a note'"), 1);
	settle.status = STATUS_INVALID;
	settle.reason = "too_large";
	settle.detail = "too large for any request";
	for (id = 2; id <= 3; id++)
		assert_int_equal(rig_send(&settle.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM failures WHERE event_id > 1 AND error = "
				    "'too large for any request'"),
	    2);
}

static void
a_retry_is_stored_once_also_after_a_restart(void **state)
{
	struct segment_event events[] = { rig_track("a"), rig_track("a"), rig_track("b") };
	struct outbox_put p;

	(void)state;
	assert_int_equal(rig_put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 2);
	assert_int_equal(p.n_duplicates, 1);
	rig_close();
	rig_open();
	assert_int_equal(rig_put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 0);
	assert_int_equal(p.n_duplicates, 3);
	assert_int_equal(p.first_event_id, 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox"), 2);
}

static void
events_without_a_message_id_get_one(void **state)
{
	struct segment_event events[] = { rig_track(NULL), rig_track(""), rig_track(NULL) };
	struct outbox_put p;

	(void)state;
	assert_int_equal(rig_put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 3);
	assert_int_equal(rig_number("SELECT count(DISTINCT message_id) FROM event WHERE "
				    "length(message_id) = 36"),
	    3);
}

static void
a_second_daemon_is_refused(void **state)
{
	struct outbox_options o = { .path = rig_dir.file, .clock = &clock_system };
	struct outbox *second;
	struct err e;
	char pid[32];

	(void)state;
	assert_int_equal(lock_holder(rig_dir.file, &e), getpid());
	assert_int_equal(outbox_open(&o, &second, NULL, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	assert_non_null(strstr(e.text, pid));
	rig_close();
	assert_int_equal(lock_holder(rig_dir.file, &e), 0);
}

static void
a_full_disk_refuses_events_and_still_records_deliveries(void **state)
{
	struct segment_event event = rig_track("b");
	struct outbox_attempt_end end;
	struct outbox_put p;
	char text[512];
	int64_t id = rig_put_one("a");

	(void)state;
	rig_close();
	rig_min_free = UINT64_C(1) << 50;
	rig_open();
	assert_int_equal(rig_put(&event, 1, &p), -1);
	assert_int_equal(p.msg.err.code, ERR_FULL);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_FULL);
	outbox_health_text(rig_outbox, text, sizeof(text));
	assert_non_null(strstr(text, "min_free"));
	end = rig_end_of(rig_begin(&id, 1), &id, 1);
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 1);
}

static void
a_writer_that_is_behind_refuses_more(void **state)
{
	static struct outbox_put puts[150];
	struct segment_event event = rig_track(NULL);
	struct db db;
	struct err e;
	int accepted = 0;

	(void)state;
	/* While another program holds the lock, the writer waits and the mailbox fills. */
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", &e), 0);
	for (size_t i = 0; i < 150; i++) {
		puts[i] =
		    (struct outbox_put){ .site_id = rig_site, .events = &event, .n_events = 1 };
		puts[i].msg.type = OUTBOX_PUT;
		puts[i].msg.done = rig_note_done;
		if (outbox_send(rig_outbox, &puts[i].msg) == 0)
			accepted++;
	}
	assert_int_equal(accepted, 100);
	assert_int_equal(db_exec(&db, "COMMIT", &e), 0);
	db_close(&db, NULL);
	rig_wait_done(accepted);
	for (int i = 0; i < accepted; i++)
		assert_int_equal(puts[i].msg.rc, 0);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox"), 100);
}

static void
wait_for_health(enum outbox_health health)
{
	for (int i = 0; i < 30000 && outbox_health(rig_outbox) != health; i++)
		usleep(1000);
	assert_int_equal(outbox_health(rig_outbox), health);
}

/* ---- a disk that hangs ---------------------------------------------------------------------- */

static struct fake_clock hanging_clock;
static pthread_mutex_t hanging = PTHREAD_MUTEX_INITIALIZER;

/* Blocks the writer's thread here, as a write to a hanging disk would. */
static void
hang(struct outbox_msg *msg, void *arg)
{
	pthread_mutex_lock(&hanging);
	pthread_mutex_unlock(&hanging);
	rig_note_done(msg, arg);
}

static struct outbox *
open_with_fake_clock(const struct clock *clock)
{
	struct outbox_options options = { .path = rig_dir.file,
		.max_waiting = 10,
		.max_waiting_bytes = 1 << 20,
		.clock = clock };
	struct outbox *o;
	struct err e;

	assert_int_equal(outbox_open(&options, &o, NULL, &e), 0);
	assert_int_equal(outbox_start(o, &e), 0);
	return o;
}

static void
a_disk_that_hangs_is_told_within_the_bound(void **state)
{
	struct segment_event event = rig_track("hangs");
	struct outbox_put p = { .msg = { .type = OUTBOX_PUT, .done = hang },
		.site_id = rig_site,
		.events = &event,
		.n_events = 1 };
	struct clock clock = fake_clock_of(&hanging_clock);
	struct outbox *o;
	char text[512];

	(void)state;
	rig_close();
	hanging_clock = (struct fake_clock){ .wall = CLOCK_FLOOR, .mono = 1000 };
	o = open_with_fake_clock(&clock);
	pthread_mutex_lock(&hanging);
	assert_int_equal(outbox_send(o, &p.msg), 0);
	while (rig_number("SELECT count(*) FROM outbox") == 0) /* the disk hangs from here on */
		poll(NULL, 0, 1);
	hanging_clock.mono += OUTBOX_STALL_MS;
	assert_int_equal(outbox_health(o), OUTBOX_OK);
	hanging_clock.mono += 1;
	assert_int_equal(outbox_health(o), OUTBOX_STALLED);
	outbox_health_text(o, text, sizeof(text));
	assert_non_null(strstr(text, "does not answer: a write has taken 4 s"));
	pthread_mutex_unlock(&hanging);
	rig_wait_done(1);
	while (outbox_health(o) != OUTBOX_OK)
		poll(NULL, 0, 1);
	outbox_stop(o, NULL);
	outbox_close(o);
}

static void
a_lock_held_by_somebody_else_is_told_and_passes(void **state)
{
	struct segment_event event = rig_track("m1");
	struct outbox_put p;
	char text[512];
	struct db db;
	struct err e;

	(void)state;
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", &e), 0);
	assert_int_equal(rig_put(&event, 1, &p), -1);
	assert_int_equal(p.msg.err.code, ERR_BUSY);
	wait_for_health(OUTBOX_BLOCKED);
	outbox_health_text(rig_outbox, text, sizeof(text));
	assert_non_null(strstr(text, "write lock"));
	/* The outbox recovers without a message. */
	assert_int_equal(db_exec(&db, "COMMIT", &e), 0);
	db_close(&db, NULL);
	wait_for_health(OUTBOX_OK);
	assert_int_equal(rig_put(&event, 1, &p), 0);
	assert_int_equal(p.n_stored, 1);
}

static void
what_waits_at_the_end_is_written(void **state)
{
	static struct outbox_put puts[50];
	struct segment_event event = rig_track(NULL);

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		puts[i] =
		    (struct outbox_put){ .site_id = rig_site, .events = &event, .n_events = 1 };
		puts[i].msg.type = OUTBOX_PUT;
		puts[i].msg.done = rig_note_done;
		assert_int_equal(outbox_send(rig_outbox, &puts[i].msg), 0);
	}
	rig_close();
	rig_wait_done(50);
	assert_int_equal(rig_number("SELECT count(*) FROM outbox"), 50);
}

/* SQLite would go on without an error, but the next start would not find these events. */
static void
assert_missed(const char *suffix)
{
	struct segment_event event = rig_track("b");
	char path[PATH_MAX + 32], away[PATH_MAX + 32];
	struct outbox_put p;
	struct err e;

	snprintf(path, sizeof(path), "%s%s", rig_dir.file, suffix);
	snprintf(away, sizeof(away), "%s/away", rig_dir.path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(rig_put(&event, 1, &p), -1);
	assert_int_equal(p.msg.err.code, ERR_IO);
	assert_non_null(strstr(p.msg.err.text, path));
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_FAILED);
	assert_int_equal(rename(away, path), 0);
	event = rig_track("c");
	assert_int_equal(rig_put(&event, 1, &p), -1);
	assert_int_equal(outbox_stop(rig_outbox, &e), -1);
	outbox_close(rig_outbox);
	rig_open();
	assert_int_equal(rig_number("SELECT count(*) FROM outbox WHERE message_id = 'a'"), 1);
}

static void
a_file_that_is_taken_away_is_missed(void **state)
{
	(void)state;
	assert_true(rig_put_one("a") > 0);
	assert_missed("");
	assert_missed("-wal");
	assert_missed("-shm");
}

static void
files_are_not_for_everybody(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(rig_dir.file, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
}

static void
a_missing_folder_is_named(void **state)
{
	struct outbox_options o = { .path = "/nonexistent/folder/spool.db",
		.clock = &clock_system };
	struct outbox *none;
	struct err e;

	(void)state;
	assert_int_equal(outbox_open(&o, &none, NULL, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/folder"));
	assert_non_null(strstr(e.text, "create it"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(events_are_stored_and_due_in_order),
		TEST(a_message_says_whether_its_receiver_gets_the_next_one),
		TEST(what_operators_change_is_told),
		TEST(a_detail_stands_beside_the_reason),
		TEST(a_retry_is_stored_once_also_after_a_restart),
		TEST(events_without_a_message_id_get_one),
		TEST(a_second_daemon_is_refused),
		TEST(a_full_disk_refuses_events_and_still_records_deliveries),
		TEST(a_writer_that_is_behind_refuses_more),
		TEST(a_disk_that_hangs_is_told_within_the_bound),
		TEST(a_lock_held_by_somebody_else_is_told_and_passes),
		TEST(what_waits_at_the_end_is_written),
		TEST(a_file_that_is_taken_away_is_missed),
		TEST(files_are_not_for_everybody),
		TEST(a_missing_folder_is_named),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
