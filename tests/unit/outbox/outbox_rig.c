/* The rig: an outbox with its writer, and functions that send a message and wait for it. */
#include "unit/outbox/outbox_rig.h"

#include "lib/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "lib/truths.h"
#include "outbox/file/db.h"

struct tempdir rig_dir;
struct outbox *rig_outbox;
int64_t rig_site;
atomic_int rig_due_calls;
atomic_int rig_changed_calls;
uint64_t rig_min_free;

/* Waits for one message's done(). */
static pthread_mutex_t done_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_cond = PTHREAD_COND_INITIALIZER;
static int done_count;

void
rig_note_done(struct outbox_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	pthread_mutex_lock(&done_mutex);
	done_count++;
	pthread_cond_signal(&done_cond);
	pthread_mutex_unlock(&done_mutex);
}

void
rig_wait_done(int count)
{
	pthread_mutex_lock(&done_mutex);
	while (done_count < count)
		pthread_cond_wait(&done_cond, &done_mutex);
	done_count = 0;
	pthread_mutex_unlock(&done_mutex);
}

int
rig_send(struct outbox_msg *msg, enum outbox_msg_type type)
{
	msg->type = type;
	msg->done = rig_note_done;
	assert_int_equal(outbox_send(rig_outbox, msg), 0);
	rig_wait_done(1);
	return msg->rc;
}

static void
rig_note_due(void *arg, bool changed)
{
	(void)arg;
	atomic_fetch_add(&rig_changed_calls, changed);
	atomic_fetch_add(&rig_due_calls, 1);
}

int64_t
rig_open(void)
{
	struct outbox_options o = {
		.path = rig_dir.file,
		.max_waiting = 100,
		.max_waiting_bytes = 1 << 20,
		.min_free_bytes = rig_min_free,
		.clock = &clock_system,
		.on_due = rig_note_due,
	};
	int64_t recovered;
	struct err e;

	if (outbox_open(&o, &rig_outbox, &recovered, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(outbox_site(rig_outbox, "main", &rig_site, &e), 0);
	assert_int_equal(outbox_start(rig_outbox, &e), 0);
	return recovered;
}

void
rig_close(void)
{
	struct err e;

	if (outbox_stop(rig_outbox, &e) != 0)
		fail_msg("%s", e.text);
	outbox_close(rig_outbox);
	rig_outbox = NULL;
}

int
rig_set_up(void **state)
{
	(void)state;
	tempdir_make(&rig_dir);
	rig_min_free = 0;
	atomic_store(&rig_due_calls, 0);
	atomic_store(&rig_changed_calls, 0);
	rig_open();
	return 0;
}

/* Whatever a test did, what is true of every outbox still is. */
void
rig_check(void)
{
	char why[512];
	struct db db;
	struct err e;

	if (db_open(&db, rig_dir.file, DB_READ, &e) != 0)
		fail_msg("%s", e.text);
	if (truths_check(&db, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	db_close(&db, NULL);
}

int
rig_tear_down(void **state)
{
	(void)state;
	if (rig_outbox != NULL)
		rig_close();
	rig_check();
	tempdir_remove(&rig_dir);
	return 0;
}

struct segment_event
rig_track(const char *message_id)
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

int
rig_put(const struct segment_event *events, size_t n, struct outbox_put *ret_put)
{
	*ret_put = (struct outbox_put){
		.site_id = rig_site,
		.received_at = 2000,
		.context = SLICE("{\"ip\":\"192.0.2.1\"}"),
		.events = events,
		.n_events = n,
	};
	return rig_send(&ret_put->msg, OUTBOX_PUT);
}

int64_t
rig_put_one(const char *message_id)
{
	struct segment_event event = rig_track(message_id);
	struct outbox_put p;

	assert_int_equal(rig_put(&event, 1, &p), 0);
	return p.first_event_id;
}

void
rig_put_many(int64_t site_id, size_t n)
{
	static int serial;
	int64_t main_site = rig_site;
	char id[32];

	rig_site = site_id;
	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "m-%d", serial++);
		rig_put_one(id);
	}
	rig_site = main_site;
}

void
rig_change(const char *sql)
{
	struct db db;
	struct err e;

	rig_close();
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	if (db_exec(&db, sql, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
	db_close(&db, NULL);
	rig_open();
}

/* Reads with its own connection, like an auditor. */
int64_t
rig_number(const char *sql)
{
	struct db db;
	struct err e;
	int64_t n = 0;

	if (db_open(&db, rig_dir.file, DB_READ, &e) != 0 || db_exec_int(&db, sql, &n, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
	db_close(&db, NULL);
	return n;
}

int64_t
rig_begin(const int64_t *ids, size_t n)
{
	struct outbox_attempt_begin b = {
		.site_id = rig_site,
		.started_at = 3000,
		.mapping = SLICE("{}"),
		.event_ids = ids,
		.n_events = n,
		.n_bytes = 77,
	};

	assert_int_equal(rig_send(&b.msg, OUTBOX_ATTEMPT_BEGIN), 0);
	assert_true(b.attempt_id > 0);
	return b.attempt_id;
}

struct outbox_attempt_end
rig_end_of(int64_t attempt_id, const int64_t *ids, size_t n)
{
	return (struct outbox_attempt_end){
		.attempt_id = attempt_id,
		.site_id = rig_site,
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
