#include "lib/unit.h"

#include "unit/control/control_rig.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mailbox.h"
#include "client/control_client.h"
#include "event/json/json.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/import.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"

struct control_rig rig;

/* ---- the writer: a thread that answers as the test wants ------------------------------------- */

static pthread_t writer_thread;
static struct mailbox writer_box;

int
outbox_send(struct outbox *o, struct outbox_msg *msg)
{
	(void)o;
	return rig.refuse ? -1 : mailbox_push_always(&writer_box, &msg->mail);
}

enum outbox_health
outbox_health(const struct outbox *o)
{
	(void)o;
	return rig.health;
}

void
outbox_health_text(struct outbox *o, char *ret_text, size_t size)
{
	(void)o;
	snprintf(ret_text, size, "%s", rig.health == OUTBOX_OK ? "" : "the disk is full");
}

void
outbox_counters(const struct outbox *o, struct outbox_counters *ret_counters)
{
	(void)o;
	*ret_counters = (struct outbox_counters){ .stored = 7, .attempts = 3 };
}

/* Records the message as "actor verb ..."; "-" stands for a missing part. */
static void __attribute__((format(printf, 2, 3))) see(const char *actor, const char *fmt, ...)
{
	int n = snprintf(rig.seen, sizeof(rig.seen), "%s ", actor);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rig.seen + n, sizeof(rig.seen) - (size_t)n, fmt, ap);
	va_end(ap);
}

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static void
write_operation(struct outbox_operation *op)
{
	struct buf filter;

	if (rig.steps == rig.fail_at_slice) {
		op->msg.rc = err_set(&op->msg.err, ERR_FULL, "the disk is full");
		op->n_events += 999; /* as after a rollback: the reader must not use this value */
		return;
	}
	buf_init(&filter, FILTER_MAX_JSON);
	if (op->filter != NULL)
		outbox_filter_to_json(op->filter, &filter);
	else
		buf_printf(&filter, "%lld", (long long)op->undoes);
	see(op->actor, "%s %s %s", operate_verb_name(op->verb), filter.p, or_dash(op->note));
	buf_free(&filter);
	op->operation_id = 17;
	op->n_events += 500;
	op->left = (struct undo_left){ 1, 2, 3, 4, 5, 6 };
	op->more = rig.steps < CONTROL_RIG_SLICES;
}

static void
write_site_control(struct outbox_site_control *s)
{
	see(s->actor, "%s %s %s", site_control_verb_name(s->verb), or_dash(s->site),
	    or_dash(s->note));
	s->n_sites = 2;
	s->n_paused = 1;
	s->operation_id = 18;
}

static void
write_erase(struct outbox_erase *erase)
{
	see(erase->actor, "%s %s", erase->email, erase->dry_run ? "dry" : "wet");
	erase->n_events += 10;
	erase->n_discarded = 2;
	erase->n_quotes = 3;
	erase->operation_id = 19;
	erase->more = rig.steps < CONTROL_RIG_SLICES;
}

static void
write_purge(struct outbox_purge *purge)
{
	see(purge->actor, "%lld %s %s", (long long)purge->limits->payload_before[STATUS_DELIVERED],
	    purge->archive, purge->dry_run ? "dry" : "wet");
	purge->n_payloads += 20;
	purge->n_rows += 3;
	purge->operation_id = 20;
	purge->more = rig.steps < CONTROL_RIG_SLICES;
}

static void
write_import(struct outbox_import *import)
{
	struct slice last = import->lines[import->n_lines - 1];

	see(import->actor, "%s %s %s %s %s %lld %.*s", import->verb, import->from,
	    or_dash(import->site), or_dash(import->note), import->dry_run ? "dry" : "wet",
	    (long long)import->operation, (int)last.n, last.p);
	import->counts.bad = 1;
	import->counts.duplicates = import->n_lines > 1;
	import->counts.stored = (int64_t)import->n_lines - 1 - import->counts.duplicates;
	import->told[0] = (struct import_bad){ 0, "no" };
	import->n_told = 1;
	import->operation_id = 21;
}

static void
write_put(struct outbox_put *put)
{
	snprintf(rig.event, sizeof(rig.event), "%.*s", (int)put->events[0].body.n,
	    put->events[0].body.p);
	rig.site_id = put->site_id;
	put->n_duplicates = rig.n_duplicates;
	put->n_stored = put->n_events - rig.n_duplicates;
	put->first_event_id = put->n_stored > 0 ? 41 : 0;
}

static void
write_message(struct outbox_msg *msg)
{
	rig.steps++;
	if (msg->type == OUTBOX_OPERATE)
		write_operation((struct outbox_operation *)msg);
	else if (msg->type == OUTBOX_SITE_CONTROL)
		write_site_control((struct outbox_site_control *)msg);
	else if (msg->type == OUTBOX_ERASE)
		write_erase((struct outbox_erase *)msg);
	else if (msg->type == OUTBOX_PURGE)
		write_purge((struct outbox_purge *)msg);
	else if (msg->type == OUTBOX_IMPORT)
		write_import((struct outbox_import *)msg);
	else if (msg->type == OUTBOX_PUT)
		write_put((struct outbox_put *)msg);
	else
		abort();
}

static void *
write_all(void *arg)
{
	bool closed = false;

	(void)arg;
	while (!closed) {
		struct mail *mail = mailbox_wait(&writer_box, -1, &closed), *next;

		for (; mail != NULL; mail = next) {
			struct outbox_msg *msg = (struct outbox_msg *)mail;

			next = mail->next;
			write_message(msg);
			msg->done(msg, msg->done_arg);
		}
	}
	return NULL;
}

/* ---- the daemon: an event loop in a thread ----------------------------------------------------
 */

static struct event_base *base;
static struct control *control;
static pthread_t loop;
static int quit[2];

static int64_t
fixed_time(void *arg)
{
	(void)arg;
	return 1785587696789;
}

static const struct clock fixed_clock = { .wall_ms = fixed_time, .mono_ms = fixed_time };

static void
on_quit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	control_stop(control);
	event_base_loopbreak(base);
}

static void *
run_loop(void *arg)
{
	event_base_dispatch(base);
	return arg;
}

static int
admit(void *arg, int64_t site_id, struct segment_request *r, struct err *e)
{
	(void)arg;
	(void)site_id;
	r->received_at = clock_wall(&fixed_clock);
	r->max_depth = JSON_MAX_DEPTH;
	return segment_parse(r, e);
}

static void
find_limits(void *arg, struct purge_limits *ret_limits, const char **ret_archive)
{
	(void)arg;
	*ret_limits = (struct purge_limits){ .payload_before[STATUS_DELIVERED] = 77 };
	*ret_archive = "/archive";
}

static void
note_site_control(void *arg, int64_t site_id, enum site_control_verb verb)
{
	size_t n = strlen(rig.controlled);

	(void)arg;
	snprintf(rig.controlled + n, sizeof(rig.controlled) - n, "%lld %s\n", (long long)site_id,
	    site_control_verb_name(verb));
}

int
control_rig_new(struct event_base *in, struct control **ret, struct err *e)
{
	static const struct control_site sites[] = { { "main", 5 }, { "shop", 6 } };
	const struct control_options o = {
		.path = rig.path,
		.version = "9.9",
		.outbox = (struct outbox *)&rig,
		.clock = &fixed_clock,
		.admit = admit,
		.limits = find_limits,
		.on_site_control = note_site_control,
		.sites = sites,
		.n_sites = 2,
	};

	return control_new(&o, in, ret, e);
}

static struct event *quit_event;

int
control_rig_start(void **state)
{
	struct err e;

	(void)state;
	rig = (struct control_rig){ 0 };
	snprintf(rig.folder, sizeof(rig.folder), "/tmp/bentospool-test-XXXXXX");
	assert_non_null(mkdtemp(rig.folder));
	snprintf(rig.path, sizeof(rig.path), "%s/db.sock", rig.folder);
	assert_int_equal(mailbox_init(&writer_box, 1, 1, NULL, NULL, NULL), 0);
	assert_int_equal(pthread_create(&writer_thread, NULL, write_all, NULL), 0);
	base = event_base_new();
	if (control_rig_new(base, &control, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(pipe(quit), 0);
	quit_event = event_new(base, quit[0], EV_READ, on_quit, NULL);
	event_add(quit_event, NULL);
	assert_int_equal(pthread_create(&loop, NULL, run_loop, NULL), 0);
	return 0;
}

int
control_rig_stop(void **state)
{
	(void)state;
	assert_int_equal(write(quit[1], "q", 1), 1);
	pthread_join(loop, NULL);
	/* the writer ends first, as in the daemon: it may still return messages */
	mailbox_close(&writer_box);
	pthread_join(writer_thread, NULL);
	control_free(control);
	mailbox_free(&writer_box);
	event_free(quit_event);
	event_base_free(base);
	close(quit[0]);
	close(quit[1]);
	assert_int_equal(access(rig.path, F_OK), -1);
	unlink(rig.path);
	return rmdir(rig.folder);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Returns the answer, or NULL with e set. */
cJSON *
control_rig_ask(const char *request, struct err *e)
{
	struct control_client *client;
	cJSON *o = cJSON_Parse(request), *answer = NULL;

	assert_non_null(o);
	assert_int_equal(control_client_open(rig.path, &client, e), 0);
	if (control_client_call(client, o, 10000, &answer, e) != 0)
		answer = NULL;
	cJSON_Delete(o);
	control_client_close(client);
	return answer;
}

void
control_rig_refuses(const char *request, const char *word)
{
	struct err e = { 0 };

	if (control_rig_ask(request, &e) != NULL)
		fail_msg("taken: %s", request);
	if (strstr(e.text, word) == NULL)
		fail_msg("%s: says %s, not %s", request, e.text, word);
}
