/* Boxes, identities that merge, delete calls, a clock that is set late, and what operators do. */
#include "faults/nth_messages_rig.h"

#include "lib/unit.h"

#include "faults/nth_outbox_rig.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/import.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "outbox/origin/box.h"
#include "outbox/write/clocks.h"
#include "outbox/write/corrections.h"
#include "outbox/write/unresolved.h"
#include "unit/outbox/outbox_rig.h"

int
nth_send(struct outbox_msg *msg, enum outbox_msg_type type)
{
	int rc = rig_send(msg, type);

	if (rc != 0) {
		assert_int_not_equal(msg->err.code, ERR_NONE);
		assert_true(msg->err.text[0] != '\0');
	}
	return rc;
}

/* ---- events ---------------------------------------------------------------------------- */

static int
put_events(const struct segment_event *events, size_t n)
{
	struct outbox_put p = {
		.site_id = rig_site, .received_at = 2000, .events = events, .n_events = n
	};

	return nth_send(&p.msg, OUTBOX_PUT);
}

static struct segment_event
call(enum event_kind kind, const char *message_id, const char *user_id, const char *anonymous_id)
{
	struct segment_event event = rig_track(message_id);

	event.kind = kind;
	event.user_id = slice_from(user_id);
	event.anonymous_id = slice_from(anonymous_id);
	if (kind != KIND_TRACK)
		event.name = SLICE_NONE;
	return event;
}

static struct segment_event
without_address(struct segment_event event)
{
	event.email = SLICE_NONE;
	event.status = STATUS_INVALID;
	event.reason = segment_no_email;
	return event;
}

/* Two visitors become one person, by calls in each order; an older id is replaced. */
static int
merge(void)
{
	struct segment_event events[] = {
		without_address(call(KIND_TRACK, "new-1", NULL, "a-1")),
		without_address(call(KIND_TRACK, "new-2", "u-9", NULL)),
		without_address(call(KIND_TRACK, "new-3", "u-9", "a-1")),
		call(KIND_IDENTIFY, "new-4", "u-9", "a-1"),
		without_address(call(KIND_ALIAS, "new-5", "u-8", NULL)),
		without_address(call(KIND_TRACK, "new-6", "u-8", "a-1")),
		call(KIND_IDENTIFY, "new-7", "u-9", "a-7"),
	};

	events[4].previous_id = SLICE("u-9");
	events[6].email = SLICE("bob@example.com");
	return put_events(events, sizeof(events) / sizeof(events[0]));
}

static int
box(void)
{
	const struct segment_origin origins[] = {
		{ .received_at = 1500, .context = SLICE("{\"ip\":\"192.0.2.7\"}") },
		{ .received_at = 1600, .maybe_sent = true, .browser = true },
		{ .received_at = 1700 },
	};
	const struct box_report report = {
		.name = SLICE("till"), .version = SLICE("1"), .backlog = 3, .oldest_at = 900
	};
	const struct segment_event events[] = { rig_track("new-1"), rig_track("new-2"),
		rig_track("old-5") };
	struct outbox_put p = { .site_id = rig_site,
		.received_at = 2500,
		.events = events,
		.n_events = 3,
		.origins = origins,
		.box = &report };

	return nth_send(&p.msg, OUTBOX_PUT);
}

/* The person asks to be deleted. */
static int
delete_call(void)
{
	struct segment_event event = call(KIND_TRACK, "new-delete", NULL, NULL);

	event.erases = true;
	return put_events(&event, 1);
}

/* The machine's clock is set after the events came. */
static int
correct(void)
{
	struct segment_event events[] = { rig_track("new-1"), rig_track("new-2") };
	struct outbox_clock clock = { .note = { .unset_boot = 7, .unset_offset = 9 } };
	struct outbox_correction correction = { .shift = 1000000 };
	int rc;

	events[0].provisional = SEGMENT_BOTH_PROVISIONAL;
	events[1].provisional = SEGMENT_RECEIPT_PROVISIONAL;
	if (nth_send(&clock.msg, OUTBOX_CLOCK) != 0 || put_events(events, 2) != 0)
		return -1;
	do
		rc = nth_send(&correction.msg, OUTBOX_CORRECTION);
	while (rc == 0 && correction.more);
	return rc;
}

/* The site no longer waits for addresses. */
static int
give_up(void)
{
	const struct identity_site site = {
		.site_id = rig_site, .max_ids = 1000, .give_up_before = INT64_MAX
	};
	struct outbox_unresolved u = { .sites = &site, .n_sites = 1 };
	int rc;

	do
		rc = nth_send(&u.msg, OUTBOX_UNRESOLVED);
	while (rc == 0 && u.more);
	return rc;
}

/* ---- operators --------------------------------------------------------------------------- */

static int
operate(enum operate_verb verb, enum event_status status)
{
	struct outbox_operation op = { .verb = verb, .actor = "ann", .note = "why" };
	struct outbox_filter f;
	int rc;

	outbox_filter_init(&f);
	f.statuses = 1u << status;
	op.filter = &f;
	do
		rc = nth_send(&op.msg, OUTBOX_OPERATE);
	while (rc == 0 && op.more);
	return rc;
}

static int
hold_and_release(void)
{
	return operate(OPERATE_HOLD, STATUS_PENDING) != 0 ? -1
							  : operate(OPERATE_RELEASE, STATUS_HELD);
}

static int
expire(void)
{
	return operate(OPERATE_EXPIRE, STATUS_PENDING);
}

static int
control(enum site_control_verb verb)
{
	struct outbox_site_control s = { .verb = verb, .actor = "ann" };

	return nth_send(&s.msg, OUTBOX_SITE_CONTROL);
}

static int
pause_flush_resume(void)
{
	return control(SITE_CONTROL_PAUSE) != 0 || control(SITE_CONTROL_FLUSH) != 0
		   ? -1
		   : control(SITE_CONTROL_RESUME);
}

static int
purge_bodies(void)
{
	struct purge_limits limits;
	struct outbox_purge p = { .limits = &limits, .actor = "ann" };
	int rc;

	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = PURGE_NEVER;
	limits.payload_before[STATUS_DELIVERED] = limits.payload_before[STATUS_HELD] = INT64_MAX;
	do
		rc = nth_send(&p.msg, OUTBOX_PURGE);
	while (rc == 0 && p.more);
	return rc;
}

/* The requests of delete calls. */
static int
erase_asked(void)
{
	struct outbox_erase x = { .actor = "delete call" };
	int rc = delete_call();

	while (rc == 0 && (rc = nth_send(&x.msg, OUTBOX_ERASE)) == 0 && x.more)
		;
	return rc;
}

#define BOB "bob@example.com"

/* Bob's events, another's and an operation quote him. */
static int
erase_quotes(void)
{
	struct segment_event events[] = { call(KIND_IDENTIFY, "new-1", BOB, "a-7"),
		rig_track("new/" BOB), without_address(call(KIND_TRACK, "new-3", NULL, BOB)) };
	struct outbox_put p = { .site_id = rig_site,
		.received_at = 2000,
		.context = SLICE("{\"of\":\"" BOB "\"}"),
		.events = events,
		.n_events = 3 };
	struct outbox_operation op = { .verb = OPERATE_HOLD, .actor = "ann", .note = BOB };
	struct outbox_erase x = { .email = BOB, .actor = "ann" };
	struct outbox_filter f;
	int rc;

	events[0].email = SLICE(BOB);
	events[1].name = SLICE("for " BOB);
	events[1].body = SLICE("{\"friend\":\"" BOB "\"}");
	outbox_filter_init(&f);
	f.statuses = 1u << STATUS_PENDING;
	op.filter = &f;
	rc = nth_send(&p.msg, OUTBOX_PUT);
	if (rc == 0)
		rc = nth_send(&op.msg, OUTBOX_OPERATE);
	while (rc == 0 && (rc = nth_send(&x.msg, OUTBOX_ERASE)) == 0 && x.more)
		;
	return rc;
}

#define LINE(id, more)                                                                             \
	"{\"site\":\"main\",\"message_id\":\"" id "\",\"kind\":\"track\",\"name\":\"n\","          \
	"\"received_at\":\"1970-01-01T00:00:05.000Z\",\"occurred_at\":\"1970-01-01T00:00:04."      \
	"000Z\"," more "\"body\":{\"userId\":\"u-5\"}}"

static int
import(void)
{
	static const struct slice lines[] = {
		SLICE(LINE("new-a",
		    "\"email\":\"ann@example.com\",\"status\":\"failed\",\"reason\":\"refused\","
		    "\"settled_at\":\"1970-01-01T00:00:06.000Z\",\"attempts\":2,"
		    "\"maybe_sent\":1,")),
		SLICE(LINE("new-b", "\"status\":\"pending\",\"email\":\"cy@example.com\","
				    "\"context\":{\"ip\":\"192.0.2.9\"},")),
		SLICE("{\"no\":\"line\"}"),
	};
	struct outbox_import i = {
		.verb = "import", .actor = "ann", .from = "file", .lines = lines, .n_lines = 3
	};

	if (nth_send(&i.msg, OUTBOX_IMPORT) != 0)
		return -1;
	return 0;
}

#define NEW "SELECT count(*) = 0 FROM outbox WHERE message_id GLOB 'new-*'"

const struct nth_message nth_messages[] = {
	{ "merge", merge,
	    "SELECT count(*) = 4 FROM outbox WHERE message_id IN ('new-1', 'new-2', 'new-3', "
	    "'new-6')"
	    " AND email IS NOT NULL",
	    NEW },
	{ "box", box, "SELECT count(*) = 2 FROM outbox o, box b WHERE o.message_id GLOB 'new-*'",
	    NEW },
	{ "delete", delete_call, "SELECT count(*) = 1 FROM erasure",
	    "SELECT count(*) = 0 FROM erasure" },
	{ "correct", correct,
	    "SELECT min(received_at) > 1000000 FROM outbox WHERE message_id GLOB 'new-*'", NULL },
	{ "give up", give_up, "SELECT status = 'invalid' FROM outbox WHERE message_id = 'old-4'",
	    NULL },
	{ "hold and release", hold_and_release,
	    "SELECT count(*) = 0 FROM outbox WHERE status = 'held'", NULL },
	{ "expire", expire, "SELECT count(*) = 0 FROM outbox WHERE status = 'pending'", NULL },
	{ "pause, flush, resume", pause_flush_resume, "SELECT pause_by IS NULL FROM site", NULL },
	{ "purge bodies", purge_bodies,
	    "SELECT count(*) = 2 FROM outbox WHERE body IS NULL AND message_id GLOB 'old-*'",
	    NULL },
	{ "erase asked", erase_asked, "SELECT count(*) = 0 FROM erasure", NULL },
	{ "erase quotes", erase_quotes,
	    "SELECT (SELECT count(*) FROM event WHERE json_array(message_id, name, email, body)"
	    " LIKE '%" BOB "%') + (SELECT count(*) FROM envelope WHERE context LIKE '%" BOB "%')"
	    " + (SELECT count(*) FROM operation WHERE note LIKE '%" BOB "%')"
	    " + (SELECT count(*) FROM identity WHERE json_array(id, email) LIKE '%" BOB "%') = 0",
	    NULL },
	{ "import more", import, "SELECT count(*) = 2 FROM outbox WHERE message_id GLOB 'new-*'",
	    NEW },
};
const size_t nth_n_messages = sizeof(nth_messages) / sizeof(nth_messages[0]);
