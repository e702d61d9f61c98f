/*
 * The outbox on a failing disk: every write, sync and truncate of a whole life (create, store,
 * attempt, checkpoint, close) fails once, with each kind of error; in make check with one of them.
 * Everything reported as committed is there afterward, and after an I/O error nothing is reported
 * as committed.
 *
 * refutes: after a failed write or sync, or on a full disk, what was acknowledged is not there
 * takes: 30 s
 * runs: all
 */
#include "lib/unit.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults/faults.h"
#include "faults/faulty_vfs.h"
#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/outbox.h"

#define ROUNDS 6
#define FAULTS 4 /* kinds of error, each once or from then on */

static struct tempdir dir;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool is_done;

/* The results that one life reported. */
struct told {
	bool stored[ROUNDS];
	bool begun[ROUNDS];
	bool delivered[ROUNDS];
	bool latched;
	bool stored_after_latch;
	bool stop_failed;
};

static void
note_done(struct outbox_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	pthread_mutex_lock(&mutex);
	is_done = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}

static int
call(struct outbox *o, struct outbox_msg *msg, enum outbox_msg_type type)
{
	msg->type = type;
	msg->done = note_done;
	is_done = false;
	if (outbox_send(o, msg) != 0)
		return -1;
	pthread_mutex_lock(&mutex);
	while (!is_done)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return msg->rc;
}

static int64_t
store(struct outbox *o, int64_t site, int round)
{
	char id[16];
	struct segment_event event = { .body = SLICE("{}"),
		.kind = KIND_TRACK,
		.name = SLICE("n"),
		.status = STATUS_PENDING };
	struct outbox_put p = { .site_id = site, .events = &event, .n_events = 1 };

	snprintf(id, sizeof(id), "m%d", round);
	event.message_id = slice_from(id);
	if (call(o, &p.msg, OUTBOX_PUT) != 0)
		return 0;
	return p.first_event_id != 0 ? p.first_event_id : -1;
}

static void
attempt(struct outbox *o, int64_t site, int64_t event_id, int round, struct told *told)
{
	struct outbox_attempt_begin b = {
		.site_id = site, .mapping = SLICE("{}"), .event_ids = &event_id, .n_events = 1
	};
	struct outbox_attempt_end end = { .site_id = site,
		.event_ids = &event_id,
		.n_events = 1,
		.outcome = OUTCOME_DELIVERED,
		.status = STATUS_DELIVERED };

	if (call(o, &b.msg, OUTBOX_ATTEMPT_BEGIN) != 0)
		return;
	told->begun[round] = true;
	end.attempt_id = b.attempt_id;
	told->delivered[round] = call(o, &end.msg, OUTBOX_ATTEMPT_END) == 0;
}

/* Plays one process: opens, stores and delivers a few events, stops. */
static void
live(struct told *told)
{
	struct outbox_options options = { .path = dir.file,
		.max_waiting = 10,
		.max_waiting_bytes = 1 << 20,
		.clock = &clock_system };
	struct outbox *o;
	int64_t site, event_id;
	struct err e;

	*told = (struct told){ 0 };
	if (outbox_open(&options, &o, NULL, &e) != 0)
		return;
	if (outbox_site(o, "main", &site, &e) != 0 || outbox_start(o, &e) != 0) {
		outbox_close(o);
		return;
	}
	for (int round = 0; round < ROUNDS; round++) {
		event_id = store(o, site, round);
		told->stored[round] = event_id != 0;
		told->stored_after_latch |= event_id != 0 && told->latched;
		if (event_id > 0)
			attempt(o, site, event_id, round, told);
		told->latched = outbox_health(o) == OUTBOX_FAILED;
	}
	told->stop_failed = outbox_stop(o, &e) != 0;
	outbox_close(o);
}

static int64_t number(struct db *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int64_t
number(struct db *db, const char *format, ...)
{
	char sql[256];
	int64_t n = -1;
	va_list ap;

	va_start(ap, format);
	vsnprintf(sql, sizeof(sql), format, ap);
	va_end(ap);
	assert_int_equal(db_exec_int(db, sql, &n, NULL), 0);
	return n;
}

/* Checks that the next process finds everything that was reported. */
static void
assert_kept(const struct told *told, int nth, int code)
{
	struct told next;
	struct db db;
	struct err e;

	live(&next);
	if (!next.stored[ROUNDS - 1] || next.stop_failed)
		fail_msg("call %d, code %d: the next start does not work", nth, code);
	assert_int_equal(db_open(&db, dir.file, DB_READ, &e), 0);
	for (int round = 0; round < ROUNDS; round++) {
		if (number(&db, "SELECT count(*) FROM outbox WHERE message_id = 'm%d'", round) != 1)
			fail_msg("call %d, code %d: event %d is not there once", nth, code, round);
		if (told->begun[round]
		    && number(&db, "SELECT count(*) FROM history WHERE message_id = 'm%d'", round)
			   < 1)
			fail_msg("call %d, code %d: attempt %d is lost", nth, code, round);
		if (told->delivered[round]
		    && number(&db,
			   "SELECT count(*) FROM outbox WHERE message_id = 'm%d' AND "
			   "status = 'delivered' AND maybe_sent = 0",
			   round)
			   != 1)
			fail_msg("call %d, code %d: delivery %d is lost", nth, code, round);
	}
	if (number(&db, "SELECT count(*) FROM attempts WHERE outcome IS NULL") != 0)
		fail_msg("call %d, code %d: an attempt has no end", nth, code);
	db_close(&db, NULL);
}

/* make check tries each point with one of the FAULTS, the whole with each. */
static void
try_points(int fault, int code, bool stays)
{
	struct told told;
	bool io = (code & 0xff) == SQLITE_IOERR;
	int nth = faults_whole() ? 1 : 1 + fault, points = 0;

	for (;; nth += faults_whole() ? 1 : FAULTS) {
		tempdir_make(&dir);
		faulty_vfs_fail_at(nth, code, stays);
		live(&told);
		if (!faulty_vfs_fired()) {
			tempdir_remove(&dir);
			break;
		}
		faulty_vfs_fail_at(0, 0, false);
		if (told.stored_after_latch)
			fail_msg("call %d: an event was accepted after an I/O error", nth);
		if (io && told.stored[0] && !told.latched && !told.stop_failed)
			fail_msg("call %d: an I/O error was passed over", nth);
		if (!io && told.latched)
			fail_msg("call %d: a full disk latched", nth);
		assert_kept(&told, nth, code);
		tempdir_remove(&dir);
		points++;
	}
	print_message("# code %d: %d points tried\n", code, points);
	faults_result(points, 0);
	assert_true(nth > 50);
}

static void
every_failing_sync_or_write_is_survived(void **state)
{
	(void)state;
	try_points(0, SQLITE_IOERR_FSYNC, false);
	try_points(1, SQLITE_IOERR_WRITE, true);
}

static void
every_full_disk_is_survived(void **state)
{
	(void)state;
	try_points(2, SQLITE_FULL, false);
	try_points(3, SQLITE_FULL, true);
}

static void
what_is_to_be_done_about_a_full_disk_is_told(void **state)
{
	struct db db;
	struct err e;

	(void)state;
	tempdir_make(&dir);
	assert_int_equal(db_open(&db, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "PRAGMA max_page_count=1; CREATE TABLE t (a)", &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_non_null(strstr(e.text, "is full: free some on its file system"));
	db_close(&db, NULL);
	tempdir_remove(&dir);
}

static int
install(void **state)
{
	(void)state;
	/* Runs in memory, because a thousand lives make many syncs and the failing disk is
	 * simulated anyway. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	faulty_vfs_install();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failing_sync_or_write_is_survived),
		cmocka_unit_test(every_full_disk_is_survived),
		cmocka_unit_test(what_is_to_be_done_about_a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("failing_disk", tests, install, NULL);
}
