/*
 * The story of one event: its arrival, attempts, operations and end are collected as moments, and
 * sorted by time.
 */
#include "report/story.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/utf8.h"
#include "outbox/read/audit.h"
#include "term/table.h"

#define HEADING_MAX 16777216

static const char *const type_names[] = {
	[MOMENT_RECEIVED] = "received",
	[MOMENT_ARRIVED] = "arrived",
	[MOMENT_ATTEMPT] = "attempt",
	[MOMENT_OPERATION] = "operation",
	[MOMENT_SETTLED] = "settled",
};

const char *
moment_name(enum moment_type type)
{
	return type_names[type];
}

/* ---- moments -------------------------------------------------------------------------------- */

/* Takes ownership of facts. Returns NULL, and sets `failed`, without memory. */
static struct moment *
add(struct story *s, enum moment_type type, int64_t at, cJSON *facts)
{
	struct moment *grown = realloc(s->moments, (s->n + 1) * sizeof(*grown));

	if (grown == NULL) {
		s->failed = true;
		cJSON_Delete(facts);
		return NULL;
	}
	s->moments = grown;
	s->moments[s->n] = (struct moment){ .at = at, .type = type, .order = s->n, .facts = facts };
	return &s->moments[s->n++];
}

/* Appends to the words of a moment, as much as there is room for. */
static void __attribute__((format(printf, 2, 3))) say(struct moment *m, const char *fmt, ...)
{
	size_t n = strlen(m->words);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->words + n, sizeof(m->words) - n, fmt, ap);
	va_end(ap);
	m->words[utf8_whole(m->words, strlen(m->words))] = '\0';
}

static void
entitle(struct moment *m, struct slice title)
{
	snprintf(m->title, sizeof(m->title), "%.*s", (int)title.n, title.n > 0 ? title.p : "");
	m->title[utf8_whole(m->title, strlen(m->title))] = '\0';
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
	cJSON *facts = cJSON_CreateObject();
	struct moment *m;

	json_add_slice(facts, "status", event->status);
	json_add_slice(facts, "reason", event->reason);
	m = add(s, MOMENT_SETTLED, event->settled_at, facts);
	if (m == NULL)
		return;
	m->look = SLICE_IS(event->status, "delivered") ? MOMENT_GOOD : MOMENT_BAD;
	entitle(m, event->status);
	if (event->reason.n > 0)
		say(m, "%.*s", (int)event->reason.n, event->reason.p);
}

/* A box received the event, and forwarded it to this spooler. */
static void
add_arrival(struct story *s, const struct audit_event *event)
{
	cJSON *facts = cJSON_CreateObject();
	struct moment *m;

	json_add_slice(facts, "via", event->via);
	m = add(s, MOMENT_ARRIVED, event->arrived_at, facts);
	if (m == NULL)
		return;
	entitle(m, SLICE("arrived"));
	say(m, "here, from box %.*s", (int)event->via.n, event->via.p);
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
	m = add(s, MOMENT_RECEIVED, event->received_at, NULL);
	if (m != NULL)
		entitle(m, SLICE("received"));
	if (event->via.p != NULL)
		add_arrival(s, event);
	if (event->settled_at != 0)
		add_settled(s, event);
}

static void
take_attempt(void *arg, const struct audit_attempt *a)
{
	struct story *s = arg;
	struct moment *m = add(s, MOMENT_ATTEMPT, a->started_at, attempt_json(a, s->form));

	if (m == NULL)
		return;
	m->look = SLICE_IS(a->outcome, "delivered") ? MOMENT_GOOD : MOMENT_WAITING;
	snprintf(m->title, sizeof(m->title), "attempt %lld", (long long)a->attempt_id);
	if (a->outcome.n == 0) {
		say(m, "in flight");
		return;
	}
	say(m, "%.*s", (int)a->outcome.n, a->outcome.p);
	if (a->http_status != 0)
		say(m, ", HTTP %d", a->http_status);
	say(m, ", %lld event%s, %lld ms", (long long)a->events, words_plural(a->events),
	    (long long)a->duration_ms);
	if (a->error.n > 0)
		say(m, ": %.*s", (int)a->error.n, a->error.p);
}

static void
take_operation(void *arg, const struct audit_operation *op)
{
	struct story *s = arg;
	struct moment *m = add(s, MOMENT_OPERATION, op->at, operation_json(op, s->form));

	if (m == NULL)
		return;
	entitle(m, op->verb);
	say(m, "operation %lld by %.*s, status before: %.*s", (long long)op->operation_id,
	    (int)op->actor.n, op->actor.p, (int)op->status.n, op->status.p);
	if (op->note.n > 0)
		say(m, ": %.*s", (int)op->note.n, op->note.p);
}

/* ---- one event ------------------------------------------------------------------------------ */

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

int
story_collect(
    struct story *s, struct outbox_audit *audit, int64_t id, enum json_form form, struct err *e)
{
	int rc;

	*s = (struct story){ .form = form, .event_id = id };
	buf_init(&s->heading, HEADING_MAX);
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
	return 1;
}

void
story_take_facts(struct moment *m, cJSON *to)
{
	json_join(to, m->facts);
	m->facts = NULL;
}

void
story_free(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		cJSON_Delete(s->moments[i].facts);
	free(s->moments);
	free(s->message_id);
	buf_free(&s->heading);
	*s = (struct story){ 0 };
}
