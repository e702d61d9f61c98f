/*
 * The lines that tail prints. They are added in any order, sorted by time and printed once a
 * second. When memory lacks for a line, tail_lines_print fails.
 */
#include "cli/look/tail_lines.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "report/event_json.h"
#include "term/table.h"
#include "term/terminal.h"
#include "term/when.h"

#define LINE_MAX_BYTES 65536
#define TEXT_MAX 1048576
#define WHAT_COLUMNS 14
#define WORD_COLUMNS 11

struct line {
	int64_t at;
	size_t order; /* the order in which it was added */
	enum table_color color;
	char what[40];
	char word[24];
	char *rest; /* the rest of the line, or the whole JSON object; owned */
};

struct tail_lines {
	struct line *line;
	size_t n;
	size_t cap;
	bool json;
	bool sites;
	bool failed;
	bool titled;
	struct terminal terminal;
};

struct tail_lines *
tail_lines_new(bool json, bool sites)
{
	struct tail_lines *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->json = json;
	t->sites = sites;
	terminal_look(stdout, &t->terminal);
	return t;
}

static void
forget(struct tail_lines *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->line[i].rest);
	t->n = 0;
	t->failed = false;
}

void
tail_lines_free(struct tail_lines *t)
{
	if (t == NULL)
		return;
	forget(t);
	free(t->line);
	free(t);
}

/* ---- adding --------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3))) set_what(struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line->what, sizeof(line->what), fmt, ap);
	va_end(ap);
}

static enum table_color
color_of(struct slice word)
{
	if (SLICE_IS(word, "delivered"))
		return TABLE_GOOD;
	if (SLICE_IS(word, "pending"))
		return TABLE_PLAIN;
	if (SLICE_IS(word, "failed") || SLICE_IS(word, "invalid") || SLICE_IS(word, "refused"))
		return TABLE_BAD;
	return TABLE_WAITING;
}

/* Takes ownership of rest. */
static void
add(struct tail_lines *t, int64_t at, struct slice word, struct buf *rest, struct line **ret_line)
{
	size_t cap = t->cap == 0 ? 64 : 2 * t->cap;
	struct line *grown;
	struct line *line;

	*ret_line = NULL;
	if (t->n == t->cap) {
		grown = realloc(t->line, cap * sizeof(*grown));
		if (grown != NULL) {
			t->line = grown;
			t->cap = cap;
		}
	}
	buf_append_byte(rest, '\n');
	if (t->n == t->cap || rest->failed) {
		t->failed = true;
		buf_free(rest);
		return;
	}
	line = &t->line[t->n];
	*line = (struct line){ .at = at, .order = t->n, .color = color_of(word) };
	snprintf(line->word, sizeof(line->word), "%.*s", (int)word.n, word.n > 0 ? word.p : "");
	line->rest = buf_steal(rest, NULL);
	t->n++;
	*ret_line = line;
}

/* Takes ownership of o. */
static void
add_json(struct tail_lines *t, int64_t at, cJSON *o)
{
	char *text = cJSON_PrintUnformatted(o);
	struct line *line;
	struct buf rest;

	buf_init(&rest, TEXT_MAX);
	if (text == NULL)
		t->failed = true;
	else
		buf_append(&rest, text, strlen(text));
	cJSON_free(text);
	cJSON_Delete(o);
	add(t, at, SLICE_NONE, &rest, &line);
}

static cJSON *
begin_json(const char *what, int64_t at)
{
	cJSON *o = cJSON_CreateObject();

	json_add_time(o, "at", at);
	cJSON_AddStringToObject(o, "what", what);
	return o;
}

static void
append_part(struct buf *to, struct slice text)
{
	if (text.n == 0)
		return;
	if (to->n > 0)
		buf_append_literal(to, "  ");
	table_append_clean(to, text);
}

static void
append_event(const struct tail_lines *t, struct buf *to, const struct audit_event *event)
{
	if (t->sites)
		append_part(to, event->site);
	append_part(to, event->name.n > 0 ? event->name : event->kind);
	append_part(to, event->email);
	if (!SLICE_IS(event->status, "delivered"))
		append_part(to, event->reason);
}

static void
add_event(struct tail_lines *t, const char *what, int64_t at, const struct audit_event *event)
{
	struct line *line;
	struct buf rest;
	cJSON *o;

	if (t->json) {
		o = begin_json(what, at);
		cJSON_AddItemToObject(o, "event", event_json(event, JSON_LINES));
		add_json(t, at, o);
		return;
	}
	buf_init(&rest, LINE_MAX_BYTES);
	append_event(t, &rest, event);
	add(t, at, event->status, &rest, &line);
	if (line != NULL)
		set_what(line, "%s %lld", what, (long long)event->event_id);
}

void
tail_lines_event(struct tail_lines *t, const struct audit_event *event)
{
	add_event(t, "event", event->received_at, event);
}

void
tail_lines_settled(struct tail_lines *t, const struct audit_event *event)
{
	add_event(t, "settled", event->settled_at, event);
}

static void
add_attempt_json(struct tail_lines *t, const struct audit_request *r)
{
	cJSON *o = begin_json("attempt", r->finished_at), *attempt;

	attempt = cJSON_AddObjectToObject(o, "attempt");
	cJSON_AddNumberToObject(attempt, "attempt_id", (double)r->attempt_id);
	json_add_slice(attempt, "site", r->site);
	json_add_time(attempt, "started_at", r->started_at);
	json_add_time(attempt, "finished_at", r->finished_at);
	cJSON_AddNumberToObject(attempt, "duration_ms", (double)r->duration_ms);
	cJSON_AddNumberToObject(attempt, "events", (double)r->events);
	if (r->http_status != 0)
		cJSON_AddNumberToObject(attempt, "http_status", r->http_status);
	else
		cJSON_AddNullToObject(attempt, "http_status");
	json_add_slice(attempt, "outcome", r->outcome);
	json_add_slice(attempt, "error", r->error);
	json_add_slice(attempt, "endpoint", r->endpoint);
	add_json(t, r->finished_at, o);
}

void
tail_lines_attempt(struct tail_lines *t, const struct audit_request *r)
{
	struct line *line;
	struct buf rest;

	if (t->json) {
		add_attempt_json(t, r);
		return;
	}
	buf_init(&rest, LINE_MAX_BYTES);
	if (r->http_status != 0)
		buf_printf(&rest, "HTTP %d, ", r->http_status);
	buf_printf(&rest, "%lld event%s, %lld ms", (long long)r->events, words_plural(r->events),
	    (long long)r->duration_ms);
	append_part(&rest, r->site);
	append_part(&rest, r->error);
	add(t, r->finished_at, r->outcome, &rest, &line);
	if (line != NULL)
		set_what(line, "attempt %lld", (long long)r->attempt_id);
}

void
tail_lines_member(
    struct tail_lines *t, const struct tail_attempt *attempt, const struct audit_event *event)
{
	struct line *line;
	struct buf rest;
	cJSON *o;

	if (t->json) {
		o = begin_json("member", attempt->at);
		cJSON_AddNumberToObject(o, "attempt_id", (double)attempt->attempt_id);
		cJSON_AddStringToObject(o, "outcome", attempt->outcome);
		cJSON_AddItemToObject(o, "event", event_json(event, JSON_LINES));
		add_json(t, attempt->at, o);
		return;
	}
	buf_init(&rest, LINE_MAX_BYTES);
	buf_printf(&rest, "event %lld", (long long)event->event_id);
	append_event(t, &rest, event);
	add(t, attempt->at, slice_from(attempt->outcome), &rest, &line);
	if (line != NULL)
		set_what(line, "attempt %lld", (long long)attempt->attempt_id);
}

void
tail_lines_refused(struct tail_lines *t, int64_t at, const char *reason, int64_t requests)
{
	struct line *line;
	struct buf rest;
	cJSON *o;

	if (t->json) {
		o = begin_json("refused", at);
		cJSON_AddStringToObject(o, "reason", reason);
		cJSON_AddNumberToObject(o, "requests", (double)requests);
		add_json(t, at, o);
		return;
	}
	buf_init(&rest, LINE_MAX_BYTES);
	append_part(&rest, slice_from(reason));
	add(t, at, SLICE("refused"), &rest, &line);
	if (line != NULL)
		set_what(line, "%lld request%s", (long long)requests, words_plural(requests));
}

void
tail_lines_operation(struct tail_lines *t, const struct audit_operation_row *operation)
{
	struct line *line;
	struct buf rest;
	cJSON *o;

	if (t->json) {
		o = begin_json("operation", operation->at);
		cJSON_AddNumberToObject(o, "operation_id", (double)operation->operation_id);
		json_add_slice(o, "actor", operation->actor);
		json_add_slice(o, "verb", operation->verb);
		json_add_slice(o, "filter", operation->filter);
		json_add_slice(o, "note", operation->note);
		add_json(t, operation->at, o);
		return;
	}
	buf_init(&rest, LINE_MAX_BYTES);
	buf_append_literal(&rest, "by ");
	table_append_clean(&rest, operation->actor);
	append_part(&rest, operation->filter);
	append_part(&rest, operation->note);
	add(t, operation->at, operation->verb, &rest, &line);
	if (line != NULL)
		set_what(line, "operation %lld", (long long)operation->operation_id);
}

/* ---- printing ------------------------------------------------------------------------------- */

static int
compare(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void
print_title(struct tail_lines *t)
{
	if (!t->titled)
		printf("%s%s%s\n", table_paint(t->terminal.color, TABLE_FAINT), when_title("TIME"),
		    table_paint_end(t->terminal.color));
	t->titled = true;
}

static void
print_line(const struct tail_lines *t, const struct line *line)
{
	bool painted = t->terminal.color && line->color != TABLE_PLAIN;
	char at[WHEN_TIME_SIZE];
	struct buf text;
	int left;

	when_time(line->at, at);
	left = printf("%s  %-*s  ", at, WHAT_COLUMNS, line->what);
	left += (int)strlen(line->word) < WORD_COLUMNS ? WORD_COLUMNS : (int)strlen(line->word);
	printf("%s%-*s%s", table_paint(painted, line->color), WORD_COLUMNS, line->word,
	    table_paint_end(painted));
	buf_init(&text, LINE_MAX_BYTES);
	table_append_cut(&text, (struct slice){ line->rest, strlen(line->rest) - 1 },
	    t->terminal.width - left - 1);
	printf(" %s\n", text.n > 0 ? text.p : "");
	buf_free(&text);
}

int
tail_lines_print(struct tail_lines *t, size_t most, struct err *e)
{
	size_t from = most > 0 && t->n > most ? t->n - most : 0;
	bool failed = t->failed;

	if (t->n > 0) {
		qsort(t->line, t->n, sizeof(*t->line), compare);
		if (!t->json)
			print_title(t);
	}
	for (size_t i = from; i < t->n; i++)
		if (t->json)
			fputs(t->line[i].rest, stdout);
		else
			print_line(t, &t->line[i]);
	forget(t);
	if (failed)
		return err_nomem(e);
	return fflush(stdout) == 0 ? 0 : err_sys(e, "cannot write the output");
}
