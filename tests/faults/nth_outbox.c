/*
 * Each kind of message to the outbox with the Nth allocation or call of SQLite failing.
 *
 * refutes: half a message is stored, its failure is not reported, or the next try fails
 *
 * takes: 10 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <poll.h>
#include <stdio.h>

#include "faults/nth_messages_rig.h"
#include "faults/nth_outbox_rig.h"
#include "lib/failing/nth.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/import.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "outbox/write/requests.h"
#include "unit/outbox/outbox_rig.h"

/* ---- the messages
 * ---------------------------------------------------------------------------------- */

static int
put(void)
{
	struct segment_event events[] = { rig_track("new-1"), rig_track("old-5"),
		rig_track("new-2") };
	struct outbox_put p;

	events[2].kind = KIND_IDENTIFY;
	events[2].name = SLICE_NONE;
	events[2].user_id = SLICE("u-2");
	p = (struct outbox_put){ .site_id = rig_site,
		.received_at = 2000,
		.context = SLICE("{\"ip\":\"192.0.2.1\"}"),
		.events = events,
		.n_events = 3 };
	return nth_send(&p.msg, OUTBOX_PUT);
}

/* An identify whose address an event waits for. */
static int
resolve(void)
{
	struct segment_event event = rig_track("new-who");
	struct outbox_put p;

	event.kind = KIND_IDENTIFY;
	event.name = SLICE_NONE;
	event.user_id = SLICE("u-1");
	p = (struct outbox_put){
		.site_id = rig_site, .received_at = 2000, .events = &event, .n_events = 1
	};
	return nth_send(&p.msg, OUTBOX_PUT);
}

static int
attempt(void)
{
	static const int64_t ids[] = { 5, 6 };
	struct outbox_attempt_begin b = {
		.site_id = rig_site,
		.started_at = 3000,
		.mapping = SLICE("{\"x\":1}"),
		.event_ids = ids,
		.n_events = 2,
	};
	struct outbox_attempt_end end;

	if (nth_send(&b.msg, OUTBOX_ATTEMPT_BEGIN) != 0)
		return -1;
	end = rig_end_of(b.attempt_id, ids, 2);
	if (nth_send(&end.msg, OUTBOX_ATTEMPT_END) == 0)
		return 0;
	/* As the dispatcher does: an end that was not recorded is recorded later. */
	nth_disarm();
	return nth_send(&end.msg, OUTBOX_ATTEMPT_END);
}

static int
hold(void)
{
	int64_t id = 7;
	struct outbox_settle s = {
		.event_ids = &id, .n_events = 1, .status = STATUS_HELD, .reason = "ambiguous"
	};

	return nth_send(&s.msg, OUTBOX_SETTLE);
}

static int
site_state(void)
{
	struct outbox_site_change s = { .site_id = rig_site,
		.site = { .mode = OUTBOX_SITE_PAUSED, .reason = "why", .failures = 3 } };

	return nth_send(&s.msg, OUTBOX_SITE_STATE);
}

static int
requests(void)
{
	struct outbox_requests r = { .at = 1000, .counts = { { "nth", 7 } }, .n = 1 };

	return nth_send(&r.msg, OUTBOX_REQUESTS);
}

static int
operate_with(enum operate_verb verb, enum event_status status, int64_t undoes)
{
	struct outbox_operation op = { .verb = verb, .actor = "ann", .note = "why" };
	struct outbox_filter f;
	int rc;

	outbox_filter_init(&f);
	f.statuses = 1u << status;
	op.filter = undoes == 0 ? &f : NULL;
	op.undoes = undoes;
	do
		rc = nth_send(&op.msg, OUTBOX_OPERATE);
	while (rc == 0 && op.more);
	return rc;
}

static int
requeue(void)
{
	return operate_with(OPERATE_REQUEUE, STATUS_FAILED, 0);
}

static int
discard_and_undo(void)
{
	if (operate_with(OPERATE_DISCARD, STATUS_HELD, 0) != 0)
		return -1;
	return operate_with(OPERATE_UNDO, STATUS_HELD, 1);
}

static int
pause_sites(void)
{
	struct outbox_site_control s = {
		.verb = SITE_CONTROL_PAUSE, .site = "main", .actor = "ann", .note = "why"
	};

	return nth_send(&s.msg, OUTBOX_SITE_CONTROL);
}

static int
purge(void)
{
	struct purge_limits limits;
	struct outbox_purge p = { .limits = &limits, .archive = rig_dir.path, .actor = "ann" };
	int rc;

	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = PURGE_NEVER;
	limits.rows_before[STATUS_DELIVERED] = limits.rows_before[STATUS_FAILED] = INT64_MAX;
	do
		rc = nth_send(&p.msg, OUTBOX_PURGE);
	while (rc == 0 && p.more);
	return rc;
}

static int
erase(void)
{
	struct outbox_erase x = { .email = "ann@example.com", .actor = "ann" };
	int rc;

	do
		rc = nth_send(&x.msg, OUTBOX_ERASE);
	while (rc == 0 && x.more);
	return rc;
}

#define LINE(id)                                                                                   \
	"{\"site\":\"main\",\"message_id\":\"" id "\",\"kind\":\"track\",\"name\":\"n\","          \
	"\"received_at\":\"1970-01-01T00:00:05.000Z\",\"occurred_at\":\"1970-01-01T00:00:04."      \
	"000Z\","                                                                                  \
	"\"status\":\"failed\",\"reason\":\"too_old\",\"body\":{}}"

static int
import(void)
{
	static const struct slice lines[] = { SLICE(LINE("new-a")), SLICE(LINE("new-b")) };
	struct outbox_import i = {
		.verb = "import", .actor = "ann", .from = "file", .lines = lines, .n_lines = 2
	};
	int rc = nth_send(&i.msg, OUTBOX_IMPORT);

	if (rc == 0)
		assert_int_equal(i.counts.bad, 0);
	return rc;
}

static const struct nth_message messages[] = {
	{ "put", put, "SELECT count(*) = 2 FROM outbox WHERE message_id GLOB 'new-*'",
	    "SELECT count(*) = 0 FROM outbox WHERE message_id GLOB 'new-*'" },
	{ "resolve", resolve,
	    "SELECT count(*) = 1 FROM outbox WHERE message_id = 'old-4' AND email = "
	    "'ann@example.com'",
	    "SELECT count(*) = 0 FROM outbox WHERE message_id = 'new-who'" },
	{ "attempt", attempt, "SELECT count(*) = 3 FROM outbox WHERE status = 'delivered'",
	    "SELECT count(*) = 1 FROM outbox WHERE status = 'delivered'" },
	{ "settle", hold, "SELECT reason = 'ambiguous' FROM outbox WHERE message_id = 'old-7'",
	    "SELECT status = 'pending' FROM outbox WHERE message_id = 'old-7'" },
	{ "site state", site_state, "SELECT 1", NULL },
	{ "requests", requests,
	    "SELECT sum(requests) >= 7 FROM request_count WHERE outcome = 'nth'", NULL },
	{ "requeue", requeue, "SELECT status = 'pending' FROM outbox WHERE message_id = 'old-2'",
	    "SELECT status = 'failed' FROM outbox WHERE message_id = 'old-2'" },
	{ "discard and undo", discard_and_undo,
	    "SELECT status = 'held' FROM outbox WHERE message_id = 'old-3'", NULL },
	{ "pause", pause_sites, "SELECT pause_by = 'ann' FROM site",
	    "SELECT pause_by IS NULL FROM site" },
	{ "purge", purge, "SELECT count(*) = 6 FROM event", NULL },
	{ "erase", erase, "SELECT count(*) = 0 FROM event WHERE email = 'ann@example.com'", NULL },
	{ "import", import, "SELECT count(*) = 2 FROM outbox WHERE message_id GLOB 'new-*'",
	    "SELECT count(*) = 0 FROM outbox WHERE message_id GLOB 'new-*'" },
};

static const struct nth_message *message_now;
static bool keeps_failure; /* the fault is an I/O error, which stays until a restart */

static int
send_armed(void)
{
	int rc;

	nth_arm();
	rc = message_now->send();
	nth_disarm();
	return rc;
}

/* An address that became known reaches the events that wait for it in steps, which a failure delays
 * until the next commit. */
static void
let_steps_end(void)
{
	static const char waits[] = "SELECT count(*) FROM identity_release";

	for (int i = 0; i < 1000 && rig_number(waits) > 0; i++) {
		(void)requests();
		poll(NULL, 0, 1);
	}
	assert_int_equal(rig_number(waits), 0);
}

static void
holds(const char *sql, const char *what)
{
	let_steps_end();
	if (sql != NULL && rig_number(sql) != 1)
		fail_msg("%s: %s: %s", message_now->name, what, sql);
}

static void
reopen(void)
{
	struct err e;

	outbox_stop(rig_outbox, &e);
	outbox_close(rig_outbox);
	assert_int_equal(nth_open_outbox(), 0);
}

static void
check_message(int rc, bool fired)
{
	struct err e;

	if (rc == 0)
		holds(message_now->applied, "reported as done");
	else
		holds(message_now->absent, "reported as failed");
	if (!fired)
		assert_int_equal(rc, 0);
	if (keeps_failure && outbox_health(rig_outbox) == OUTBOX_FAILED) {
		assert_int_equal(message_now->send(), -1);
		reopen();
	}
	/* After a full disk the outbox refuses new events for a second. */
	for (int i = 0; rc != 0 && i < 3000 && (rc = message_now->send()) != 0; i++)
		poll(NULL, 0, 1);
	if (rc != 0)
		fail_msg("%s: the next try fails", message_now->name);
	holds(message_now->applied, "after the next try");
	/* A step that the outbox sent itself may have failed since; that passes with a commit. */
	for (int i = 0; i < 3000 && outbox_health(rig_outbox) != OUTBOX_OK; i++) {
		(void)requests();
		poll(NULL, 0, 1);
	}
	if (outbox_health(rig_outbox) != OUTBOX_OK)
		fail_msg("%s: the outbox is not healthy", message_now->name);
	if (outbox_stop(rig_outbox, &e) != 0)
		fail_msg("%s: %s", message_now->name, e.text);
	outbox_close(rig_outbox);
	rig_check();
}

static void
try_messages(const struct nth_fault *fault, int sample)
{
	size_t n = sizeof(messages) / sizeof(messages[0]), all = n + nth_n_messages;

	for (size_t i = 0; i < all; i++) {
		message_now = i < n ? &messages[i] : &nth_messages[i - n];
		nth_try(&(struct nth_workload){ message_now->name, nth_begin_with_template,
			    send_armed, check_message },
		    fault, sample);
	}
}

static void
every_message_survives_a_lack_of_memory(void **state)
{
	(void)state;
	try_messages(&(struct nth_fault){ "alloc", 1, 0, false }, 4);
	try_messages(&(struct nth_fault){ "alloc", 4, 0, false }, 3);
}

static void
every_message_survives_a_failing_call(void **state)
{
	(void)state;
	try_messages(&(struct nth_fault){ "sqlite", 1, 7, false }, 4); /* SQLITE_NOMEM */
	try_messages(&(struct nth_fault){ "sqlite", 2, 5, false }, 2); /* SQLITE_BUSY */
}

static void
every_message_survives_a_full_disk(void **state)
{
	(void)state;
	try_messages(&(struct nth_fault){ "sqlite", 1, 13, false }, 1); /* SQLITE_FULL */
}

static void
every_message_survives_an_io_error(void **state)
{
	(void)state;
	keeps_failure = true;
	try_messages(&(struct nth_fault){ "sqlite", 1, 10, false }, 3); /* SQLITE_IOERR */
	keeps_failure = false;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_survives_a_lack_of_memory),
		cmocka_unit_test(every_message_survives_a_failing_call),
		cmocka_unit_test(every_message_survives_a_full_disk),
		cmocka_unit_test(every_message_survives_an_io_error),
	};

	(void)argc;
	nth_start(argv);
	return cmocka_run_group_tests_name(
	    "nth outbox", tests, nth_make_template, nth_remove_template);
}
