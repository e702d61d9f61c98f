/*
 * Stores the lines of a message. A line is either an event, stored like a new event and then given
 * its history; or (when adopting) a statement about an id, merged with the statements here. A line
 * that cannot be used is counted and reported, and the others are stored. Each message that stored
 * something updates the import's row among the operations.
 */
#include "outbox/operate/import.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "event/json/json.h"
#include "outbox/lines/identity_line.h"
#include "outbox/lines/import_line.h"
#include "outbox/message_kind.h"
#include "outbox/operate/operation_row.h"
#include "outbox/origin/box.h"
#include "outbox/write/resolve.h"
#include "outbox/write/store.h"

#define SCRATCH_MAX (128u << 20)
#define FILTER_TEXT_MAX 32768

struct importing {
	struct transaction *t;
	struct outbox_import *import;
	size_t resolved_before; /* t->resolved when the message began */
	struct buf scratch;
	struct segment_request body; /* what the event says about the ids of its person */
};

static void
report_bad(struct outbox_import *import, size_t line, const char *why)
{
	struct import_bad *bad = &import->told[import->n_told];

	import->counts.bad++;
	if (import->n_told == IMPORT_TOLD_MAX)
		return;
	bad->line = line;
	snprintf(bad->why, sizeof(bad->why), "%.*s", IMPORT_WHY_SIZE - 1, why);
	import->n_told++;
}

/* Whether the line has a history that a newly received event does not have. */
static bool
has_history(const struct import_line *line)
{
	return line->status != STATUS_PENDING || line->email.p == NULL || line->attempts != 0
	       || line->maybe_sent != 0 || line->error.p != NULL;
}

/* Gives the event the history that a newly received one does not have. */
static int
add_history(struct importing *s, const struct import_line *line, int64_t event_id, struct err *e)
{
	bool settled = line->status != STATUS_PENDING;

	return stmt_import_set_history(s->t->db,
	    &(struct stmt_import_set_history){
		.event_id = event_id,
		.settled = settled,
		.reason = line->reason,
		.detail = line->error,
		.settled_at =
		    db_int_if(settled, line->settled_at != 0 ? line->settled_at : s->t->now),
		.attempts = line->attempts,
		.maybe_sent = line->maybe_sent,
	    },
	    e);
}

/* Reads the event's ids, which are only in its body. */
static void
read_ids(struct importing *s, const struct import_line *line, struct segment_event *event)
{
	struct segment_request *r = &s->body;

	if (line->kind == KIND_BENTO || line->kind == KIND_SUBSCRIBER)
		return;
	r->body = line->body;
	r->shape = SEGMENT_SINGLE;
	r->path_kind = line->kind;
	r->received_at = line->received_at;
	r->max_depth = JSON_MAX_DEPTH;
	if (segment_parse(r, NULL) != 0 || r->n_events != 1)
		return;
	event->user_id = r->events[0].user_id;
	event->anonymous_id = r->events[0].anonymous_id;
	event->previous_id = r->events[0].previous_id;
}

static int
add_origin(struct importing *s, const struct import_line *line, const struct outbox_put *put,
    struct err *e)
{
	int64_t at = line->arrived_at != 0 ? line->arrived_at : line->received_at;

	return box_remember(s->t->db, put->site_id, line->via, at < s->t->now ? at : s->t->now,
	    put->first_event_id, e);
}

static int
store_event(struct importing *s, const struct import_line *line, int64_t site_id, struct err *e)
{
	struct segment_event event = {
		.body = line->body,
		.kind = line->kind,
		.name = line->name,
		.message_id = line->message_id,
		.email = line->email,
		.occurred_at = line->occurred_at,
		.status = line->status,
	};
	struct outbox_put put = {
		.site_id = site_id,
		/*
		 * A clock that was ahead must not overrule all later statements: see
		 * identity_learn().
		 */
		.received_at = line->received_at < s->t->now ? line->received_at : s->t->now,
		.context = line->context,
		.integrations = line->integrations,
		.sent_at = line->sent_at,
		.browser = line->browser != 0,
		.with_rows = has_history(line),
		.events = &event,
		.n_events = 1,
	};

	read_ids(s, line, &event);
	if (store_events(s->t, &put, e) != 0)
		return -1;
	s->import->counts.duplicates += (int64_t)put.n_duplicates;
	s->import->counts.stored += (int64_t)put.n_stored;
	if (put.n_stored == 0)
		return 0;
	if (line->via.p != NULL && add_origin(s, line, &put, e) != 0)
		return -1;
	if (!put.with_rows)
		return 0;
	if (add_history(s, line, put.first_event_id, e) != 0)
		return -1;
	if (line->status != STATUS_PENDING || line->email.p != NULL)
		return 0;
	return unresolved_check_event(s->t->db, put.first_event_id, put.received_at, e);
}

/* Makes unresolved events due: at once while they are few, else in later transactions. */
static int
store_identity(
    struct importing *s, int64_t site_id, const struct identity_fact *fact, struct err *e)
{
	struct unresolved *unresolved = s->t->store->unresolved;
	const struct identity_site *site = unresolved_site(unresolved, site_id);
	struct slice user_id =
	    fact->kind == IDENTITY_USER && fact->user_id.p == NULL ? fact->id : fact->user_id;
	bool news, later = s->t->resolved - s->resolved_before >= UNRESOLVED_STEP;
	int64_t n;

	if (site == NULL)
		return 0;
	if (identity_merge(s->t->db, &s->t->store->claims, site, fact, &news, e) != 0)
		return -1;
	if (!news)
		return 0;
	s->import->counts.identities++;
	if (resolve_ids(unresolved, site_id, user_id, fact->id, later, &n, e) != 0)
		return -1;
	transaction_add_resolved(s->t, n);
	return 0;
}

/*
 * Counts what store_identity would do, and rolls it back. A writer that a verb opened only to count
 * does not have the sites' settings.
 */
static int
try_identity(struct importing *s, int64_t site_id, const struct identity_fact *fact, struct err *e)
{
	const struct identity_site any = { .site_id = site_id, .max_ids = INT64_MAX };
	const struct identity_site *site = unresolved_site(s->t->store->unresolved, site_id);
	bool news = false;
	int rc;

	if (db_exec(s->t->db, "SAVEPOINT identity", e) != 0)
		return -1;
	rc = identity_merge(
	    s->t->db, &s->t->store->claims, site != NULL ? site : &any, fact, &news, e);
	if (db_exec(s->t->db, "ROLLBACK TO identity; RELEASE identity", rc == 0 ? e : NULL) != 0)
		return -1;
	s->import->counts.identities += news;
	return rc;
}

/* Limits the times, so that a clock that was ahead does not overrule all later statements. */
static void
bound_time(const struct importing *s, int64_t *at)
{
	if (*at > s->t->now)
		*at = s->t->now;
}

static int
take_identity(struct importing *s, size_t i, struct err *e)
{
	struct outbox_import *import = s->import;
	struct identity_line line;
	int64_t site_id;
	int rc;

	if (identity_line_parse(import->lines[i], &line, &s->scratch, e) != 0) {
		if (e->code != ERR_INPUT)
			return -1;
		report_bad(import, i, e->text);
		return 0;
	}
	rc = stmt_site_id(
	    s->t->db, import->site != NULL ? slice_from(import->site) : line.site, &site_id, e);
	if (rc != 1)
		return rc;
	bound_time(s, &line.fact.identified_at);
	bound_time(s, &line.fact.since);
	bound_time(s, &line.fact.said_at);
	return import->dry_run ? try_identity(s, site_id, &line.fact, e)
			       : store_identity(s, site_id, &line.fact, e);
}

static int
count_only(struct importing *s, const struct import_line *line, int64_t site_id, struct err *e)
{
	int rc = store_has(s->t->store, site_id, line->message_id, e);

	if (rc < 0)
		return -1;
	s->import->counts.duplicates += rc;
	s->import->counts.stored += 1 - rc;
	return 0;
}

/* Whether the event is to be stored; otherwise counts why not. */
static bool
is_wanted(struct outbox_import *import, const struct import_line *line, size_t i)
{
	if (line->status == STATUS_DELIVERED) {
		import->counts.delivered++;
		return false;
	}
	if (line->body.p != NULL)
		return true;
	if (line->status == STATUS_PENDING)
		report_bad(import, i, "it is pending and has no body");
	else
		import->counts.bodyless++;
	return false;
}

static int
take_line(struct importing *s, size_t i, struct err *e)
{
	struct outbox_import *import = s->import;
	struct import_line line;
	struct slice site;
	int64_t site_id = 0;
	char why[IMPORT_WHY_SIZE];
	int rc;

	if (identity_line_is(import->lines[i]) && strcmp(import->verb, "adopt") == 0)
		return take_identity(s, i, e);
	if (import_line_parse(import->lines[i], &line, &s->scratch, e) != 0) {
		if (e->code != ERR_INPUT)
			return -1;
		report_bad(import, i, e->text);
		return 0;
	}
	if (!is_wanted(import, &line, i))
		return 0;
	site = import->site != NULL ? slice_from(import->site) : line.site;
	rc = stmt_site_id(s->t->db, site, &site_id, e);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		snprintf(why, sizeof(why), "there is no site \"%.*s\" here: choose one with --site",
		    (int)(site.n < 64 ? site.n : 64), site.p == NULL ? "" : site.p);
		report_bad(import, i, why);
		return 0;
	}
	return import->dry_run ? count_only(s, &line, site_id, e)
			       : store_event(s, &line, site_id, e);
}

/* ---- the audit ------------------------------------------------------------------------------ */

static void
add_member(struct buf *filter, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(filter, "%s\"%s\":", filter->n > 1 ? "," : "", name);
	json_string_append(filter, slice_from(value));
}

static int
begin_operation(struct importing *s, struct err *e)
{
	struct outbox_import *import = s->import;
	struct operation_row row = {
		.at = s->t->now,
		.actor = import->actor,
		.verb = import->verb,
		.note = import->note,
	};
	struct buf filter;
	int rc;

	buf_init(&filter, FILTER_TEXT_MAX);
	buf_append_byte(&filter, '{');
	add_member(&filter, "from", import->from);
	add_member(&filter, "site", import->site);
	buf_append_byte(&filter, '}');
	row.filter = buf_slice(&filter);
	rc = filter.failed ? err_nomem(e)
			   : operation_row_add(s->t->db, &row, &import->operation_id, e);
	buf_free(&filter);
	return rc;
}

static int
note_operation(struct importing *s, struct err *e)
{
	struct outbox_import *import = s->import;

	if (import->dry_run || import->counts.stored + import->counts.identities == 0)
		return 0;
	if (import->operation_id == 0 && begin_operation(s, e) != 0)
		return -1;
	return stmt_operation_add_events(s->t->db,
	    &(struct stmt_operation_add_events){
		.operation_id = import->operation_id,
		.added = import->counts.stored,
		.verb = import->verb,
	    },
	    e);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_import *import = (struct outbox_import *)msg;
	struct importing s = { .t = t, .import = import, .resolved_before = t->resolved };
	int rc = 0;

	import->counts = (struct import_counts){ 0 };
	import->n_told = 0;
	import->operation_id = import->operation;
	buf_init(&s.scratch, SCRATCH_MAX);
	segment_request_init(&s.body);
	for (size_t i = 0; rc == 0 && i < import->n_lines; i++)
		rc = take_line(&s, i, e);
	buf_free(&s.scratch);
	segment_request_free(&s.body);
	return rc == 0 ? note_operation(&s, e) : -1;
}

const struct message_kind outbox_import_kind = {
	.name = "import",
	.apply = apply,
	.events_at = offsetof(struct outbox_import, n_lines),
	.space = SPACE_STORE,
};
