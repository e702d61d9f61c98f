/* outbox: what is committed is there, what is not is told; attempts, fences, recovery, the lock. */
#include "lib/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tempdir.h"
#include "outbox/db.h"
#include "outbox/lock.h"
#include "outbox/outbox.h"
#include "outbox/reader.h"

static struct tempdir dir;
static struct outbox *outbox;
static int64_t site;
static atomic_int due_calls;
static uint64_t min_free = 0;

/* Waits for one message's done(). */
static pthread_mutex_t done_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_cond = PTHREAD_COND_INITIALIZER;
static int done_count;

static void
note_done(struct outbox_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	pthread_mutex_lock(&done_mutex);
	done_count++;
	pthread_cond_signal(&done_cond);
	pthread_mutex_unlock(&done_mutex);
}

static void
wait_done(int count)
{
	pthread_mutex_lock(&done_mutex);
	while (done_count < count)
		pthread_cond_wait(&done_cond, &done_mutex);
	done_count = 0;
	pthread_mutex_unlock(&done_mutex);
}

static int
send_and_wait(struct outbox_msg *msg, enum outbox_msg_type type)
{
	msg->type = type;
	msg->done = note_done;
	assert_int_equal(outbox_send(outbox, msg), 0);
	wait_done(1);
	return msg->rc;
}

static void
note_due(void *arg)
{
	(void)arg;
	atomic_fetch_add(&due_calls, 1);
}

static int64_t
open_outbox(void)
{
	struct outbox_options o = {
		.path = dir.file,
		.max_waiting = 100,
		.max_waiting_bytes = 1 << 20,
		.min_free_bytes = min_free,
		.clock = &clock_system,
		.on_due = note_due,
	};
	int64_t recovered;
	struct err e;

	if (outbox_open(&o, &outbox, &recovered, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(outbox_site(outbox, "main", &site, &e), 0);
	assert_int_equal(outbox_start(outbox, &e), 0);
	return recovered;
}

static void
close_outbox(void)
{
	struct err e;

	if (outbox_stop(outbox, &e) != 0)
		fail_msg("%s", e.text);
	outbox_close(outbox);
	outbox = NULL;
}

static int
set_up(void **state)
{
	(void)state;
	tempdir_make(&dir);
	min_free = 0;
	atomic_store(&due_calls, 0);
	open_outbox();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (outbox != NULL)
		close_outbox();
	tempdir_remove(&dir);
	return 0;
}

static struct segment_event
track(const char *message_id)
{
	return (struct segment_event){
		.body = SLICE("{\"event\":\"Signed Up\"}"),
		.kind = KIND_TRACK,
		.name = SLICE("Signed Up"),
		.message_id = slice_from(message_id),
		.email = SLICE("ann@example.com"),
		.occurred_at = 1000,
		.status = STATUS_PENDING,
	};
}

static int
put(const struct segment_event *events, size_t n, struct outbox_put *ret_put)
{
	*ret_put = (struct outbox_put){
		.site_id = site,
		.received_at = 2000,
		.context = SLICE("{\"ip\":\"192.0.2.1\"}"),
		.events = events,
		.n_events = n,
	};
	return send_and_wait(&ret_put->msg, OUTBOX_PUT);
}

static int64_t
put_one(const char *message_id)
{
	struct segment_event event = track(message_id);
	struct outbox_put p;

	assert_int_equal(put(&event, 1, &p), 0);
	return p.first_event_id;
}

/* Reads with a connection of its own, as an auditor would. */
static int64_t
number(const char *sql)
{
	struct db db;
	struct err e;
	int64_t n;

	if (db_open(&db, dir.file, DB_READ, &e) != 0 || db_exec_int(&db, sql, &n, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
	db_close(&db, NULL);
	return n;
}

static int64_t
begin_attempt(const int64_t *ids, size_t n)
{
	struct outbox_attempt_begin b = {
		.site_id = site,
		.started_at = 3000,
		.mapping = SLICE("{}"),
		.event_ids = ids,
		.n_events = n,
		.n_bytes = 77,
	};

	assert_int_equal(send_and_wait(&b.msg, OUTBOX_ATTEMPT_BEGIN), 0);
	assert_true(b.attempt_id > 0);
	return b.attempt_id;
}

static struct outbox_attempt_end
end_of(int64_t attempt_id, const int64_t *ids, size_t n)
{
	return (struct outbox_attempt_end){
		.attempt_id = attempt_id,
		.site_id = site,
		.finished_at = 4000,
		.duration_ms = 5,
		.outcome = OUTCOME_DELIVERED,
		.http_status = 200,
		.response = SLICE("{\"results\":1}"),
		.event_ids = ids,
		.n_events = n,
		.status = STATUS_DELIVERED,
	};
}

static void
events_are_stored_and_due_in_order(void **state)
{
	struct segment_event events[] = { track("a"), track("b"), track("c") };
	struct outbox_reader *r;
	struct outbox_event event;
	struct outbox_put p;
	struct err e;
	int64_t id, expect = 1;

	(void)state;
	events[1].status = STATUS_INVALID;
	events[1].reason = "no_email";
	assert_int_equal(put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 3);
	assert_int_equal(p.first_event_id, 1);
	assert_int_equal(outbox_reader_open(dir.file, &r, &e), 0);
	assert_int_equal(outbox_due_begin(r, site, 5000, 0, &e), 0);
	while (outbox_due_next(r, &id, &e) == 1) {
		assert_int_equal(id, expect);
		assert_int_equal(outbox_event_load(r, id, &event, &e), 1);
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
	assert_int_equal(number("SELECT count(*) FROM envelope"), 1);
	assert_int_equal(number("SELECT count(*) FROM failures WHERE reason = 'no_email' AND "
				"settled_at = '1970-01-01T00:00:02.000Z'"),
	    1);
	assert_true(atomic_load(&due_calls) >= 1);
}

static void
a_retry_is_stored_once_also_after_a_restart(void **state)
{
	struct segment_event events[] = { track("a"), track("a"), track("b") };
	struct outbox_put p;

	(void)state;
	assert_int_equal(put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 2);
	assert_int_equal(p.n_duplicates, 1);
	close_outbox();
	open_outbox();
	assert_int_equal(put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 0);
	assert_int_equal(p.n_duplicates, 3);
	assert_int_equal(p.first_event_id, 0);
	assert_int_equal(number("SELECT count(*) FROM outbox"), 2);
}

static void
events_without_a_message_id_get_one(void **state)
{
	struct segment_event events[] = { track(NULL), track(""), track(NULL) };
	struct outbox_put p;

	(void)state;
	assert_int_equal(put(events, 3, &p), 0);
	assert_int_equal(p.n_stored, 3);
	assert_int_equal(number("SELECT count(DISTINCT message_id) FROM event WHERE "
				"length(message_id) = 36"),
	    3);
}

static void
ids_never_come_back(void **state)
{
	struct db db;
	struct err e;

	(void)state;
	assert_int_equal(put_one("a"), 1);
	assert_int_equal(put_one("b"), 2);
	close_outbox();
	assert_int_equal(db_open(&db, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "DELETE FROM event; DELETE FROM delivery", &e), 0);
	db_close(&db, NULL);
	open_outbox();
	assert_int_equal(put_one("c"), 3);
}

static void
an_attempt_is_a_row_before_and_after(void **state)
{
	int64_t ids[] = { put_one("a"), put_one("b") };
	int64_t attempt = begin_attempt(ids, 2);
	struct outbox_attempt_end end = end_of(attempt, ids, 2);

	(void)state;
	assert_int_equal(
	    number("SELECT count(*) FROM attempts WHERE outcome IS NULL AND events = 2 AND "
		   "bytes = 77"),
	    1);
	assert_int_equal(number("SELECT count(*) FROM history WHERE finished_at IS NULL"), 2);
	assert_int_equal(send_and_wait(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(
	    number("SELECT count(*) FROM outbox WHERE status = 'delivered' AND attempts = 1 "
		   "AND http_status = 200 AND settled_at = '1970-01-01T00:00:04.000Z'"),
	    2);
	assert_int_equal(number("SELECT count(*) FROM history WHERE outcome = 'delivered'"), 2);
}

static void
a_late_answer_never_overwrites_an_end(void **state)
{
	int64_t id = put_one("a");
	int64_t attempt = begin_attempt(&id, 1);
	struct outbox_attempt_end first = end_of(attempt, &id, 1), late = first;

	(void)state;
	assert_int_equal(send_and_wait(&first.msg, OUTBOX_ATTEMPT_END), 0);
	late.outcome = OUTCOME_REFUSED;
	late.status = STATUS_FAILED;
	assert_int_equal(send_and_wait(&late.msg, OUTBOX_ATTEMPT_END), -1);
	assert_int_equal(late.msg.err.code, ERR_STATE);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 1);
	/* and the outbox goes on */
	assert_int_equal(put_one("b"), 2);
}

static void
an_outage_leaves_events_untouched_but_audited(void **state)
{
	int64_t id = put_one("a");
	struct outbox_attempt_end end = end_of(begin_attempt(&id, 1), &id, 1);

	(void)state;
	end.outcome = OUTCOME_UNKNOWN;
	end.http_status = 0;
	end.status = STATUS_PENDING;
	end.maybe_sent = true;
	end.error = SLICE("connection reset");
	end.site = (struct outbox_site_state){ .mode = OUTBOX_SITE_BACKOFF,
		.reason = "no answer",
		.next_attempt_at = 9000,
		.failures = 1 };
	assert_int_equal(send_and_wait(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(
	    number("SELECT count(*) FROM outbox WHERE status = 'pending' AND attempts = 0 AND "
		   "maybe_sent = 1 AND error = 'connection reset' AND "
		   "next_attempt_at = '1970-01-01T00:00:09.000Z'"),
	    1);
	assert_int_equal(
	    number("SELECT count(*) FROM site WHERE mode = 'backoff' AND failures = 1"), 1);
	/* a new process tries at once */
	close_outbox();
	open_outbox();
	assert_int_equal(number("SELECT count(*) FROM site WHERE mode = 'ready'"), 1);
}

static void
delivered_is_the_truth_whatever_an_operator_did(void **state)
{
	int64_t ids[] = { put_one("a"), put_one("b") };
	struct outbox_attempt_end end = end_of(begin_attempt(ids, 2), ids, 2);
	int64_t again[] = { put_one("c"), put_one("d") };
	struct outbox_attempt_end refused = end_of(begin_attempt(again, 2), again, 2);
	struct outbox_settle hold = {
		.event_ids = ids, .n_events = 1, .status = STATUS_HELD, .reason = "operator"
	};

	(void)state;
	assert_int_equal(send_and_wait(&hold.msg, OUTBOX_SETTLE), 0);
	hold.event_ids = again;
	assert_int_equal(send_and_wait(&hold.msg, OUTBOX_SETTLE), 0);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'held'"), 2);
	assert_int_equal(send_and_wait(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 2);
	/* any other end leaves what an operator decided */
	refused.outcome = OUTCOME_REFUSED;
	refused.status = STATUS_FAILED;
	refused.reason = "refused";
	assert_int_equal(send_and_wait(&refused.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'held'"), 1);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'failed'"), 1);
}

static void
open_attempts_become_unknown_at_the_next_start(void **state)
{
	int64_t ids[] = { put_one("a"), put_one("b"), put_one("c") };
	int64_t members[] = { ids[0], ids[2] };

	(void)state;
	begin_attempt(members, 2);
	close_outbox();
	assert_int_equal(open_outbox(), 1);
	assert_int_equal(number("SELECT count(*) FROM attempts WHERE outcome = 'unknown' AND "
				"finished_at IS NOT NULL AND error LIKE 'bentospool ended%'"),
	    1);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'pending'"), 3);
	assert_int_equal(number("SELECT sum(maybe_sent) FROM outbox"), 2);
	assert_int_equal(number("SELECT maybe_sent FROM outbox WHERE event_id = 2"), 0);
	close_outbox();
	assert_int_equal(open_outbox(), 0);
}

static void
waiting_events_are_due_at_their_time_in_order(void **state)
{
	int64_t ids[] = { put_one("a"), put_one("b"), put_one("c") };
	struct outbox_attempt_end end = end_of(begin_attempt(&ids[0], 1), &ids[0], 1);
	struct outbox_reader *r;
	int64_t id, at;
	struct err e;

	(void)state;
	end.outcome = OUTCOME_RETRY;
	end.status = STATUS_PENDING;
	end.next_attempt_at = 9000;
	end.charge = true;
	end.max_batch = 1;
	assert_int_equal(send_and_wait(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(outbox_reader_open(dir.file, &r, &e), 0);
	assert_int_equal(outbox_due_soonest(r, site, &at, &e), 0);
	assert_int_equal(at, 9000);
	assert_int_equal(outbox_due_begin(r, site, 8999, 0, &e), 0);
	assert_int_equal(outbox_due_next(r, &id, &e), 1);
	assert_int_equal(id, 2);
	outbox_due_end(r);
	assert_int_equal(outbox_due_begin(r, site, 9000, 0, &e), 0);
	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(outbox_due_next(r, &id, &e), 1);
		assert_int_equal(id, i);
	}
	assert_int_equal(outbox_due_next(r, &id, &e), 0);
	outbox_due_end(r);
	assert_int_equal(outbox_due_begin(r, site, 9000, 2, &e), 0);
	assert_int_equal(outbox_due_next(r, &id, &e), 1);
	assert_int_equal(id, 3);
	outbox_due_end(r);
	outbox_reader_close(r);
	assert_int_equal(number("SELECT attempts FROM outbox WHERE event_id = 1"), 1);
	assert_int_equal(number("SELECT max_batch FROM delivery WHERE event_id = 1"), 1);
}

static void
a_second_daemon_is_refused(void **state)
{
	struct outbox_options o = { .path = dir.file, .clock = &clock_system };
	struct outbox *second;
	struct err e;
	char pid[32];

	(void)state;
	assert_int_equal(lock_holder(dir.file, &e), getpid());
	assert_int_equal(outbox_open(&o, &second, NULL, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	assert_non_null(strstr(e.text, pid));
	close_outbox();
	assert_int_equal(lock_holder(dir.file, &e), 0);
}

static void
a_full_disk_refuses_events_and_still_records_deliveries(void **state)
{
	struct segment_event event = track("b");
	struct outbox_attempt_end end;
	struct outbox_put p;
	char text[512];
	int64_t id = put_one("a");

	(void)state;
	close_outbox();
	min_free = UINT64_MAX - 1;
	open_outbox();
	assert_int_equal(put(&event, 1, &p), -1);
	assert_int_equal(p.msg.err.code, ERR_FULL);
	assert_int_equal(outbox_health(outbox), OUTBOX_FULL);
	outbox_health_text(outbox, text, sizeof(text));
	assert_non_null(strstr(text, "min_free"));
	end = end_of(begin_attempt(&id, 1), &id, 1);
	assert_int_equal(send_and_wait(&end.msg, OUTBOX_ATTEMPT_END), 0);
	assert_int_equal(number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 1);
}

static void
a_writer_that_is_behind_refuses_more(void **state)
{
	static struct outbox_put puts[150];
	struct segment_event event = track(NULL);
	struct db db;
	struct err e;
	int accepted = 0;

	(void)state;
	/* somebody else holds the database: the writer waits, and the mailbox fills */
	assert_int_equal(db_open(&db, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", &e), 0);
	for (size_t i = 0; i < 150; i++) {
		puts[i] = (struct outbox_put){ .site_id = site, .events = &event, .n_events = 1 };
		puts[i].msg.type = OUTBOX_PUT;
		puts[i].msg.done = note_done;
		if (outbox_send(outbox, &puts[i].msg) == 0)
			accepted++;
	}
	assert_int_equal(accepted, 100);
	assert_int_equal(db_exec(&db, "COMMIT", &e), 0);
	db_close(&db, NULL);
	wait_done(accepted);
	for (int i = 0; i < accepted; i++)
		assert_int_equal(puts[i].msg.rc, 0);
	assert_int_equal(number("SELECT count(*) FROM outbox"), 100);
}

static void
what_waits_at_the_end_is_written(void **state)
{
	static struct outbox_put puts[50];
	struct segment_event event = track(NULL);

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		puts[i] = (struct outbox_put){ .site_id = site, .events = &event, .n_events = 1 };
		puts[i].msg.type = OUTBOX_PUT;
		puts[i].msg.done = note_done;
		assert_int_equal(outbox_send(outbox, &puts[i].msg), 0);
	}
	close_outbox();
	wait_done(50);
	assert_int_equal(number("SELECT count(*) FROM outbox"), 50);
}

static void
files_are_not_for_everybody(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(dir.file, &st), 0);
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(events_are_stored_and_due_in_order),
		TEST(a_retry_is_stored_once_also_after_a_restart),
		TEST(events_without_a_message_id_get_one),
		TEST(ids_never_come_back),
		TEST(an_attempt_is_a_row_before_and_after),
		TEST(a_late_answer_never_overwrites_an_end),
		TEST(an_outage_leaves_events_untouched_but_audited),
		TEST(delivered_is_the_truth_whatever_an_operator_did),
		TEST(open_attempts_become_unknown_at_the_next_start),
		TEST(waiting_events_are_due_at_their_time_in_order),
		TEST(a_second_daemon_is_refused),
		TEST(a_full_disk_refuses_events_and_still_records_deliveries),
		TEST(a_writer_that_is_behind_refuses_more),
		TEST(what_waits_at_the_end_is_written),
		TEST(files_are_not_for_everybody),
		TEST(a_missing_folder_is_named),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
