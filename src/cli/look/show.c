/*
 * show: prints one event in full, and the object that was or would be sent to Bento.
 * report/event_report.h collects the facts; this file lays them out, or prints one part byte for
 * byte.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "outbox/read/audit.h"
#include "report/event_report.h"
#include "term/pretty.h"

/* ---- printing ------------------------------------------------------------------------------- */

static void
print_pretty(const char *title, struct slice json)
{
	struct buf text;

	buf_init(&text, EVENT_REPORT_MAX);
	pretty_append(&text, json, 2);
	printf("\n%s\n%s\n", title, text.failed ? "  (too large to lay out; use --raw)" : text.p);
	buf_free(&text);
}

static void
print_text(const struct event_report *r)
{
	char title[64];

	fwrite(r->text.p, 1, r->text.n, stdout);
	if (r->body.n > 0)
		print_pretty("received", buf_slice(&r->body));
	if (r->cannot != NULL)
		printf("\nnothing can be sent to %s: %s\n", r->peer, r->cannot);
	else if (r->attempt_id != 0) {
		snprintf(title, sizeof(title), "sent to %s, last in attempt %lld", r->peer,
		    (long long)r->attempt_id);
		print_pretty(title, buf_slice(&r->sent));
	} else {
		snprintf(title, sizeof(title), "would be sent to %s", r->peer);
		print_pretty(r->settled_unsent ? "not sent; a requeue would send" : title,
		    buf_slice(&r->sent));
	}
}

static void
add_raw(cJSON *to, const char *key, const struct buf *json)
{
	struct buf line;

	buf_init(&line, EVENT_REPORT_MAX);
	pretty_append_line(&line, buf_slice(json));
	if (json->n == 0 || line.failed)
		cJSON_AddNullToObject(to, key);
	else
		cJSON_AddRawToObject(to, key, line.p);
	buf_free(&line);
}

static int
print_json(struct event_report *r)
{
	cJSON *o = r->json;

	r->json = NULL;
	add_raw(o, "body", &r->body);
	add_raw(o, r->attempt_id != 0 ? "sent" : "would_send", &r->sent);
	if (r->cannot != NULL)
		cJSON_AddStringToObject(o, "cannot_send", r->cannot);
	return verb_print_json(o) == 0 ? VERB_DONE : VERB_ERROR;
}

static int
no_such_event(const struct options *o)
{
	if (o->n_operands > 0)
		fprintf(stderr, "bentospool: there is no event %s\n", o->operands[0]);
	else
		fputs("bentospool: no event matches\n", stderr);
	return VERB_NOTHING;
}

static int
print(struct event_report *r, const struct options *o)
{
	const struct buf *only = o->raw ? &r->body : &r->sent;

	if (o->sent && r->cannot != NULL) {
		fprintf(stderr, "bentospool: nothing can be sent to %s: %s\n", r->peer, r->cannot);
		return VERB_ERROR;
	}
	if (o->raw || o->sent) {
		fwrite(only->p == NULL ? "" : only->p, 1, only->n, stdout);
		putchar('\n');
		return VERB_DONE;
	}
	if (o->json)
		return print_json(r);
	print_text(r);
	return VERB_DONE;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static void
take_id(void *arg, const struct audit_event *event)
{
	int64_t *id = arg;

	*id = event->event_id;
}

/* Returns the id of the operand, or of the newest event with the messageId; 0 when none matches. */
static int
choose_event(struct outbox_audit *audit, const struct options *o, int64_t *ret_id, struct err *e)
{
	struct audit_page page = { .rows = 1, .newest = true };

	*ret_id = 0;
	if (o->n_operands == 0)
		return outbox_audit_list(audit, &o->filter, &page, take_id, ret_id, e);
	return verb_read_id(o->operands[0], ret_id);
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct event_report report = { .json = NULL };
	struct terminal terminal;
	struct err e;
	int64_t id;
	int rc;

	terminal_look(stdout, &terminal);
	if (choose_event(audit, o, &id, &e) != 0)
		return verb_fail(&e);
	if (id == 0)
		return no_such_event(o);
	rc = event_report_collect(&report, audit, id, c, o->json ? NULL : &terminal, &e);
	if (rc == 1)
		rc = print(&report, o);
	else
		rc = rc == 0 ? no_such_event(o) : verb_fail(&e);
	event_report_free(&report);
	return rc;
}

int
verb_show(const struct options *o)
{
	int64_t id;

	if ((o->n_operands == 0) == (o->filter.text[FILTER_MESSAGE_ID] == NULL))
		return verb_usage("show: give one event, by its id or with --message-id");
	if (o->n_operands == 1 && verb_read_id(o->operands[0], &id) != 0)
		return verb_usage("show: \"%.40s\" is not an event id", o->operands[0]);
	if (o->json + o->raw + o->sent > 1)
		return verb_usage("show: give only one of --json, --raw and --sent");
	return verb_read(o, run);
}
