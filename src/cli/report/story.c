/*
 * The story of one event: its arrival, attempts, operations and end are collected as moments,
 * sorted by time, and printed as a table or as lines of JSON. The moments of one event are held in
 * memory.
 */
#include "cli/report/story.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "cli/output.h"
#include "outbox/read/audit.h"
#include "report/event_json.h"
#include "term/table.h"
#include "term/terminal.h"
#include "term/when.h"

#define TEXT_MAX 16777216
#define RESULT_MAX 1024

/* Moments of the same time are sorted in this order. */
enum moment_type {
	MOMENT_RECEIVED,
	MOMENT_ARRIVED,
	MOMENT_ATTEMPT,
	MOMENT_OPERATION,
	MOMENT_SETTLED
};

static const char *const type_names[] = {
	[MOMENT_RECEIVED] = "received",
	[MOMENT_ARRIVED] = "arrived",
	[MOMENT_ATTEMPT] = "attempt",
	[MOMENT_OPERATION] = "operation",
	[MOMENT_SETTLED] = "settled",
};

struct moment {
	int64_t at;
	enum moment_type type;
	size_t order; /* the order in which it was read */
	enum table_color color;
	char what[64];
	char result[RESULT_MAX];
	cJSON *json; /* owned; NULL when a table is printed */
};

struct story {
	bool json;
	bool follows_another; /* a blank line separates the stories */
	struct terminal terminal;
	/* the event of the story */
	int64_t event_id;
	struct buf heading;
	char *message_id;
	struct moment *moments;
	size_t n;
	bool failed; /* out of memory */
};

/* ---- moments -------------------------------------------------------------------------------- */

/* Takes ownership of json. Returns NULL, and sets `failed`, without memory. */
static struct moment *
add(struct story *s, enum moment_type type, int64_t at, cJSON *json)
{
	struct moment *grown = realloc(s->moments, (s->n + 1) * sizeof(*grown));

	if (grown == NULL) {
		s->failed = true;
		cJSON_Delete(json);
		return NULL;
	}
	s->moments = grown;
	s->moments[s->n] = (struct moment){ .at = at, .type = type, .order = s->n, .json = json };
	return &s->moments[s->n++];
}

static void
add_json_head(struct story *s, cJSON *json, enum moment_type type, int64_t at)
{
	cJSON_AddNumberToObject(json, "event_id", (double)s->event_id);
	json_add_slice(json, "message_id", slice_from(s->message_id));
	json_add_time(json, "at", at);
	cJSON_AddStringToObject(json, "what", type_names[type]);
}

/* Returns an object with the members of every moment; NULL when a table is printed. */
static cJSON *
begin_json(struct story *s, enum moment_type type, int64_t at)
{
	cJSON *json = s->json ? cJSON_CreateObject() : NULL;

	if (json != NULL)
		add_json_head(s, json, type, at);
	return json;
}

/* Moves members of `from` to `to`; members that `to` already has are not replaced. */
static void
join_json(cJSON *to, cJSON *from)
{
	cJSON *item;

	while (from != NULL && (item = cJSON_DetachItemFromArray(from, 0)) != NULL) {
		if (cJSON_GetObjectItemCaseSensitive(to, item->string) != NULL)
			cJSON_Delete(item);
		else
			cJSON_AddItemToArray(to, item);
	}
	cJSON_Delete(from);
}

static void
describe_event(struct story *s, const struct audit_event *event)
{
	buf_printf(&s->heading, "event %lld, ", (long long)event->event_id);
	table_append_clean(&s->heading, event->status);
	buf_append_literal(&s->heading, ": ");
	table_append_clean(&s->heading, event->kind);
	if (event->name.n > 0) {
		buf_append_literal(&s->heading, " \"");
		table_append_clean(&s->heading, event->name);
		buf_append_byte(&s->heading, '"');
	}
	if (event->email.n > 0) {
		buf_append_literal(&s->heading, ", ");
		table_append_clean(&s->heading, event->email);
	}
	buf_append_literal(&s->heading, ", messageId ");
	table_append_clean(&s->heading, event->message_id);
	if (event->site.n > 0) {
		buf_append_literal(&s->heading, ", site ");
		table_append_clean(&s->heading, event->site);
	}
}

static void
add_settled(struct story *s, const struct audit_event *event)
{
	cJSON *json = begin_json(s, MOMENT_SETTLED, event->settled_at);
	struct moment *m;

	if (json != NULL) {
		json_add_slice(json, "status", event->status);
		json_add_slice(json, "reason", event->reason);
	}
	m = add(s, MOMENT_SETTLED, event->settled_at, json);
	if (m == NULL)
		return;
	m->color = SLICE_IS(event->status, "delivered") ? TABLE_GOOD : TABLE_BAD;
	snprintf(m->what, sizeof(m->what), "%.*s", (int)event->status.n, event->status.p);
	snprintf(m->result, sizeof(m->result), "%.*s", (int)event->reason.n,
	    event->reason.n > 0 ? event->reason.p : "");
}

/* A box received the event, and forwarded it to this spooler. */
static void
add_arrival(struct story *s, const struct audit_event *event)
{
	cJSON *json = begin_json(s, MOMENT_ARRIVED, event->arrived_at);
	struct moment *m;

	if (json != NULL)
		json_add_slice(json, "via", event->via);
	m = add(s, MOMENT_ARRIVED, event->arrived_at, json);
	if (m == NULL)
		return;
	snprintf(m->what, sizeof(m->what), "arrived");
	snprintf(
	    m->result, sizeof(m->result), "here, from box %.*s", (int)event->via.n, event->via.p);
}

static void
take_event(void *arg, const struct audit_event *event)
{
	struct story *s = arg;
	struct moment *m;

	s->message_id = strndup(event->message_id.p, event->message_id.n);
	if (s->message_id == NULL) {
		s->failed = true;
		return;
	}
	describe_event(s, event);
	m = add(s, MOMENT_RECEIVED, event->received_at,
	    begin_json(s, MOMENT_RECEIVED, event->received_at));
	if (m != NULL)
		snprintf(m->what, sizeof(m->what), "received");
	if (event->via.p != NULL)
		add_arrival(s, event);
	if (event->settled_at != 0)
		add_settled(s, event);
}

static void
take_attempt(void *arg, const struct audit_attempt *a)
{
	struct story *s = arg;
	cJSON *json = begin_json(s, MOMENT_ATTEMPT, a->started_at);
	struct moment *m;
	int n;

	if (json != NULL)
		join_json(json, attempt_json(a));
	m = add(s, MOMENT_ATTEMPT, a->started_at, json);
	if (m == NULL)
		return;
	m->color = SLICE_IS(a->outcome, "delivered") ? TABLE_GOOD : TABLE_WAITING;
	snprintf(m->what, sizeof(m->what), "attempt %lld", (long long)a->attempt_id);
	if (a->outcome.n == 0) {
		snprintf(m->result, sizeof(m->result), "in flight");
		return;
	}
	n = snprintf(m->result, sizeof(m->result), "%.*s", (int)a->outcome.n, a->outcome.p);
	if (a->http_status != 0)
		n += snprintf(
		    m->result + n, sizeof(m->result) - (size_t)n, ", HTTP %d", a->http_status);
	n += snprintf(m->result + n, sizeof(m->result) - (size_t)n, ", %lld event%s, %lld ms",
	    (long long)a->events, words_plural(a->events), (long long)a->duration_ms);
	if (a->error.n > 0)
		snprintf(m->result + n, sizeof(m->result) - (size_t)n, ": %.*s", (int)a->error.n,
		    a->error.p);
}

static void
take_operation(void *arg, const struct audit_operation *op)
{
	struct story *s = arg;
	cJSON *json = begin_json(s, MOMENT_OPERATION, op->at);
	struct moment *m;

	if (json != NULL)
		join_json(json, operation_json(op));
	m = add(s, MOMENT_OPERATION, op->at, json);
	if (m == NULL)
		return;
	snprintf(m->what, sizeof(m->what), "%.*s", (int)op->verb.n, op->verb.p);
	snprintf(m->result, sizeof(m->result), "operation %lld by %.*s, status before: %.*s%s%.*s",
	    (long long)op->operation_id, (int)op->actor.n, op->actor.p, (int)op->status.n,
	    op->status.p, op->note.n > 0 ? ": " : "", (int)op->note.n,
	    op->note.n > 0 ? op->note.p : "");
}

/* ---- printing ------------------------------------------------------------------------------- */

static int
compare(const void *left, const void *right)
{
	const struct moment *a = left, *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int
print_json(struct story *s)
{
	for (size_t i = 0; i < s->n; i++) {
		cJSON *json = s->moments[i].json;

		s->moments[i].json = NULL;
		if (verb_print_json(json) != 0)
			return -1;
	}
	return 0;
}

static int
print_text(struct story *s)
{
	struct table_column columns[] = { { NULL, 0, false }, { "WHAT", 0, false },
		{ "RESULT", 6, false } };
	char title[64], at[WHEN_TIME_SIZE];
	struct table *table;
	struct buf text;
	int rc;

	snprintf(title, sizeof(title), "TIME %s", when_zone());
	columns[0].title = title;
	buf_init(&text, TEXT_MAX);
	table_append_wrapped(&text, buf_slice(&s->heading), 0, s->terminal.width);
	table = table_new(columns, sizeof(columns) / sizeof(*columns), s->terminal.width,
	    s->terminal.color, &text);
	for (size_t i = 0; table != NULL && i < s->n; i++) {
		when_time(s->moments[i].at, at);
		table_cell(table, slice_from(at), TABLE_PLAIN);
		table_cell(table, slice_from(s->moments[i].what), s->moments[i].color);
		table_cell(table, slice_from(s->moments[i].result), TABLE_PLAIN);
	}
	rc = table == NULL || table_end(table) != 0 || text.failed ? -1 : 0;
	if (rc == 0)
		printf("%s%s", s->follows_another ? "\n" : "", text.p);
	buf_free(&text);
	return rc;
}

/* ---- one event ------------------------------------------------------------------------------ */

struct story *
story_new(bool json)
{
	struct story *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->json = json;
	buf_init(&s->heading, TEXT_MAX);
	terminal_look(stdout, &s->terminal);
	return s;
}

static void
forget(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		cJSON_Delete(s->moments[i].json);
	free(s->moments);
	free(s->message_id);
	s->moments = NULL;
	s->message_id = NULL;
	s->n = 0;
	buf_clear(&s->heading);
}

void
story_free(struct story *s)
{
	if (s == NULL)
		return;
	forget(s);
	buf_free(&s->heading);
	free(s);
}

int
story_print(struct story *s, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	forget(s);
	s->event_id = id;
	rc = outbox_audit_event(audit, id, take_event, s, e);
	if (rc <= 0)
		return rc;
	if (outbox_audit_attempts(audit, id, take_attempt, s, e) != 0
	    || outbox_audit_operations(audit, id, take_operation, s, e) != 0)
		return -1;
	if (s->failed || s->heading.failed)
		return err_nomem(e);
	if (s->n > 0)
		qsort(s->moments, s->n, sizeof(*s->moments), compare);
	if ((s->json ? print_json(s) : print_text(s)) != 0)
		return err_nomem(e);
	s->follows_another = true;
	return 1;
}
