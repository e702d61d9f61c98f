/* The life: each step sends one message, waits, and notes what was acknowledged. */
#include "faults/life.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/disk.h"
#include "lib/fake_clock.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/import.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "outbox/outbox.h"
#include "outbox/read/audit.h"
#include "outbox/read/export.h"
#include "outbox/write/requests.h"
#include "outbox/write/unresolved.h"

#define WALL CLOCK_FLOOR
#define LARGE_BODY 60000
#define LARGE_EVENTS 75 /* two such batches are more than a checkpoint waits for */
#define FOR_EVER SIZE_MAX

static struct fake_clock time_of_life;
const struct clock life_clock = {
	.wall_ms = fake_clock_wall, .mono_ms = fake_clock_mono, .arg = &time_of_life
};

static struct life *me;
static struct outbox *outbox;
static int64_t site;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool is_done;

/* ---- promises -------------------------------------------------------------------------------- */

/* Returns the promise, so that a later step can end it. */
static size_t promise(int64_t number, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static size_t
promise(int64_t number, const char *format, ...)
{
	struct life_promise *p = &me->promise[me->n_promises];
	va_list ap;

	if (me->n_promises == LIFE_PROMISES)
		abort();
	*p = (struct life_promise){ .from = disk_now(), .until = FOR_EVER, .number = number };
	va_start(ap, format);
	vsnprintf(p->sql, sizeof(p->sql), format, ap);
	va_end(ap);
	return me->n_promises++;
}

static void
promise_file(const char *name)
{
	struct life_promise *p = &me->promise[me->n_promises++];
	char path[4200];
	FILE *f;

	*p = (struct life_promise){ .from = disk_now(), .until = FOR_EVER };
	snprintf(p->file, sizeof(p->file), "%s", name);
	snprintf(path, sizeof(path), "%s/%s", me->directory, name);
	f = fopen(path, "re");
	if (f == NULL)
		abort();
	fseek(f, 0, SEEK_END);
	p->n = (size_t)ftell(f);
	rewind(f);
	p->p = malloc(p->n);
	if (p->p == NULL || fread(p->p, 1, p->n, f) != p->n)
		abort();
	fclose(f);
}

/* The promises that a step is about to change; its own come later. */
static void
end_promises(size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++)
		me->promise[i].until = disk_now();
}

void
life_free(struct life *life)
{
	for (size_t i = 0; i < life->n_promises; i++)
		free(life->promise[i].p);
}

/* ---- messages -------------------------------------------------------------------------------- */

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
note(int rc)
{
	if (rc == 0)
		me->acks[me->n_acks++] = disk_now();
	else
		me->n_failed++;
	return rc;
}

static int
call(struct outbox_msg *msg, enum outbox_msg_type type)
{
	bool dead = outbox_health(outbox) == OUTBOX_FAILED;

	fake_clock_advance(&time_of_life, 1000);
	msg->type = type;
	msg->done = note_done;
	is_done = false;
	if (outbox_send(outbox, msg) != 0)
		return note(-1);
	pthread_mutex_lock(&mutex);
	while (!is_done)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	me->acked_when_dead |= dead && msg->rc == 0;
	return note(msg->rc);
}

/* ---- events ---------------------------------------------------------------------------------- */

static struct segment_event
event_of(const char *id, const char *email)
{
	return (struct segment_event){
		.body = SLICE("{\"event\":\"Signed Up\",\"properties\":{\"total\":31.10}}"),
		.kind = KIND_TRACK,
		.name = SLICE("Signed Up"),
		.message_id = slice_from(id),
		.email = slice_from(email),
		.occurred_at = WALL,
		.status = email != NULL ? STATUS_PENDING : STATUS_INVALID,
		.reason = email != NULL ? NULL : segment_no_email,
	};
}

/* Returns the id of the first event; 0 when it failed. *ret_promise: one promise for each. */
static int64_t
put_events(const struct segment_event *events, size_t n, size_t *ret_promise)
{
	struct outbox_put p = { .site_id = site,
		.received_at = clock_wall(&life_clock),
		.context = n > 1 ? SLICE("{\"ip\":\"192.0.2.1\"}") : SLICE_NONE,
		.events = events,
		.n_events = n };

	*ret_promise = me->n_promises;
	if (call(&p.msg, OUTBOX_PUT) != 0)
		return 0;
	for (size_t i = 0; i < n && i < 8; i++)
		promise(1,
		    "SELECT count(*) FROM event WHERE message_id = '%.*s' AND length(body) = %zu",
		    (int)events[i].message_id.n, events[i].message_id.p, events[i].body.n);
	return p.first_event_id;
}

static int64_t
put_one(const char *id, const char *email)
{
	struct segment_event event = event_of(id, email);
	size_t ignored;

	return put_events(&event, 1, &ignored);
}

static int64_t
put_batch(const char *prefix, size_t n, size_t bytes, size_t *ret_promise)
{
	struct segment_event events[LARGE_EVENTS];
	char ids[LARGE_EVENTS][32];
	char *body = malloc(LARGE_BODY);
	int64_t first;

	if (body == NULL)
		abort();
	memset(body, ' ', bytes);
	memcpy(body, "{}", 2);
	for (size_t i = 0; i < n; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%s-%zu", prefix, i);
		events[i] = event_of(ids[i], "bob@example.com");
		events[i].body = (struct slice){ body, bytes };
	}
	first = put_events(events, n, ret_promise);
	free(body);
	return first;
}

static void
identify(const char *id, const char *user, const char *email)
{
	struct segment_event event = event_of(id, email);
	size_t ignored;

	event.user_id = slice_from(user);
	if (email != NULL) {
		event.kind = KIND_IDENTIFY;
		event.status = STATUS_UNSUPPORTED;
		event.reason = "unsupported_event_type";
	}
	put_events(&event, 1, &ignored);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void
attempt(int64_t first, size_t n, const struct outbox_attempt_end *how)
{
	int64_t ids[16];
	struct outbox_attempt_begin begin = { .site_id = site,
		.started_at = clock_wall(&life_clock),
		.mapping = SLICE("{}"),
		.event_ids = ids,
		.n_events = n,
		.n_bytes = 100 };
	struct outbox_attempt_end end = *how;

	for (size_t i = 0; i < n; i++)
		ids[i] = first + (int64_t)i;
	if (first == 0 || call(&begin.msg, OUTBOX_ATTEMPT_BEGIN) != 0)
		return;
	promise(1, "SELECT count(*) FROM attempts WHERE attempt_id = %lld",
	    (long long)begin.attempt_id);
	end.attempt_id = begin.attempt_id;
	end.site_id = site;
	end.finished_at = clock_wall(&life_clock);
	end.event_ids = ids;
	end.n_events = n;
	if (call(&end.msg, OUTBOX_ATTEMPT_END) == 0)
		promise(1,
		    "SELECT count(*) FROM attempts WHERE attempt_id = %lld AND outcome = '%s'",
		    (long long)begin.attempt_id, outcome_name(how->outcome));
}

static void
send_in_every_way(int64_t first)
{
	const struct outbox_attempt_end ways[] = {
		{ .outcome = OUTCOME_DELIVERED, .status = STATUS_DELIVERED, .http_status = 200 },
		{ .outcome = OUTCOME_RETRY,
		    .http_status = 503,
		    .next_attempt_at = WALL + 100000,
		    .charge = true,
		    .site = { .mode = OUTBOX_SITE_BACKOFF, .reason = "503" } },
		{ .outcome = OUTCOME_UNKNOWN, .maybe_sent = true, .error = SLICE("reset") },
		{ .outcome = OUTCOME_REFUSED, .http_status = 400, .max_batch = 1 },
		{ .outcome = OUTCOME_REFUSED,
		    .http_status = 400,
		    .status = STATUS_FAILED,
		    .reason = "refused" },
		{ .outcome = OUTCOME_NOT_SENT, .error = SLICE("connect") },
	};

	for (size_t i = 0; first != 0 && i < sizeof(ways) / sizeof(*ways); i++)
		attempt(first + 2 * (int64_t)i, 2, &ways[i]);
	if (first != 0)
		attempt(first + 2, 2, &ways[0]);
}

/* ---- operators ------------------------------------------------------------------------------- */

static int64_t
operate(enum operate_verb verb, int64_t first, size_t n, int64_t undoes)
{
	struct outbox_filter filter;
	struct outbox_operation op = { .verb = verb,
		.filter = undoes == 0 ? &filter : NULL,
		.undoes = undoes,
		.actor = "ann" };
	struct err e;

	outbox_filter_init(&filter);
	for (size_t i = 0; i < n; i++)
		outbox_filter_add_id(&filter, first + (int64_t)i, &e);
	do
		if (call(&op.msg, OUTBOX_OPERATE) != 0)
			op.more = false;
	while (op.more);
	outbox_filter_free(&filter);
	if (op.msg.rc == 0)
		promise(1, "SELECT count(*) FROM operations WHERE operation_id = %lld",
		    (long long)op.operation_id);
	return op.operation_id;
}

static void
control_site(enum site_control_verb verb)
{
	struct outbox_site_control control = { .verb = verb, .actor = "ann" };

	call(&control.msg, OUTBOX_SITE_CONTROL);
}

static void
import_lines(void)
{
	static const char text[] =
	    "{\"site\":\"main\",\"message_id\":\"imported\",\"kind\":\"track\",\"name\":\"A\","
	    "\"email\":\"a@b.cc\",\"received_at\":\"2026-01-01T00:00:05.000Z\","
	    "\"occurred_at\":\"2026-01-01T00:00:04.000Z\",\"status\":\"held\",\"attempts\":2,"
	    "\"body\":{\"event\":\"A\"}}";
	const struct slice line = slice_from(text);
	struct outbox_import import = {
		.verb = "import", .actor = "ann", .from = "file", .lines = &line, .n_lines = 1
	};

	if (call(&import.msg, OUTBOX_IMPORT) == 0)
		promise(1, "SELECT count(*) FROM outbox WHERE message_id = 'imported' AND "
			   "status = 'held' AND attempts = 2");
}

/* Discards some events, and lets retention archive and remove them. */
static void
purge(void)
{
	struct purge_limits limits;
	struct outbox_purge purge = {
		.limits = &limits, .archive = me->directory, .actor = "retention"
	};
	size_t first, n_before;
	int64_t events = put_batch("old", 4, 3000, &first);

	n_before = me->n_promises - first;
	if (events == 0 || operate(OPERATE_DISCARD, events, 4, 0) == 0)
		return;
	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = PURGE_NEVER;
	limits.rows_before[STATUS_DISCARDED] = INT64_MAX;
	end_promises(first, n_before);
	do
		if (call(&purge.msg, OUTBOX_PURGE) != 0)
			return;
	while (purge.more);
	promise(0, "SELECT count(*) FROM event WHERE message_id LIKE 'old-%%'");
	promise_file("spool-2026-01-01.ndjson.gz");
}

static void
erase(void)
{
	struct outbox_erase erase = { .email = "eve@example.com", .actor = "ann" };
	size_t first = me->n_promises;

	put_one("eve-1", "eve@example.com");
	put_one("eve-2", "eve@example.com");
	end_promises(first, me->n_promises - first);
	do
		if (call(&erase.msg, OUTBOX_ERASE) != 0)
			return;
	while (erase.more);
	promise(0, "SELECT count(*) FROM event WHERE email = 'eve@example.com'");
}

static void
back_up(void)
{
	char path[4200];
	struct outbox_audit *audit;
	struct err e;
	int64_t bytes;
	int rc = -1;

	snprintf(path, sizeof(path), "%s/copy.db", me->directory);
	if (outbox_audit_open(me->database, &audit, &e) == 0) {
		rc = outbox_backup(audit, path, &bytes, &e);
		outbox_audit_close(audit);
	}
	if (note(rc) == 0)
		promise_file("copy.db");
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int
start(void)
{
	struct outbox_options options = { .path = me->database,
		.max_waiting = 10,
		.max_waiting_bytes = 64 << 20,
		.clock = &life_clock };
	struct identity_site identities = { .max_ids = 1000, .waits = true };
	struct err e;

	fake_clock_advance(&time_of_life, 1000);
	if (outbox_open(&options, &outbox, NULL, &e) != 0)
		return note(-1);
	if (outbox_site(outbox, "main", &site, &e) != 0)
		goto fail;
	identities.site_id = site;
	if (outbox_identities(outbox, &identities, 1, &e) != 0 || outbox_start(outbox, &e) != 0)
		goto fail;
	if (me->opened == 0)
		me->opened = disk_now();
	return note(0);
fail:
	outbox_close(outbox);
	return note(-1);
}

static void
stop(void)
{
	struct err e;

	note(outbox_stop(outbox, &e));
	outbox_close(outbox);
}

static void
live_first(void)
{
	struct outbox_requests requests = { .at = WALL, .counts = { { "accepted", 3 } }, .n = 1 };
	struct outbox_clock clocks = { .note = { .unset_boot = 1, .unset_offset = 2 } };
	int64_t first, held;
	size_t ignored;

	for (int i = 0; i < 4; i++)
		put_one((const char *[]){ "a", "b", "c", "d" }[i], "ann@example.com");
	first = put_batch("batch", 14, 700, &ignored);
	send_in_every_way(first);
	identify("seen-1", "u-1", NULL);
	identify("seen-2", "u-1", NULL);
	identify("known", "u-1", "uma@example.com");
	call(&requests.msg, OUTBOX_REQUESTS);
	call(&clocks.msg, OUTBOX_CLOCK);
	control_site(SITE_CONTROL_PAUSE);
	control_site(SITE_CONTROL_RESUME);
	held = operate(OPERATE_HOLD, 1, 3, 0);
	operate(OPERATE_RELEASE, 1, 1, 0);
	if (held != 0)
		operate(OPERATE_UNDO, 0, 0, held);
	import_lines();
	back_up();
	purge();
	erase();
	put_one("after", "ann@example.com");
}

/* More pages than a checkpoint waits for, so that the log is written again from its beginning. */
static void
live_second(void)
{
	const struct outbox_attempt_end delivered = {
		.outcome = OUTCOME_DELIVERED, .status = STATUS_DELIVERED, .http_status = 200
	};
	int64_t first;
	size_t ignored;

	put_one("second", "ann@example.com");
	first = put_batch("large", LARGE_EVENTS, LARGE_BODY, &ignored);
	put_batch("larger", LARGE_EVENTS, LARGE_BODY, &ignored);
	put_one("small-1", "ann@example.com");
	attempt(first, 10, &delivered);
	put_one("small-2", "ann@example.com");
}

void
life_live(struct life *life, const char *directory, const char *database)
{
	me = life;
	*life = (struct life){ .directory = directory, .database = database };
	time_of_life = (struct fake_clock){ .wall = WALL, .mono = 1000 };
	if (start() == 0) {
		live_first();
		stop();
	}
	if (start() == 0) {
		live_second();
		stop();
	}
}
