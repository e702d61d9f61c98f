#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/report/event_json.h"
#include "cli/report/reasons.h"
#include "cli/verbs.h"
#include "daemon/wiring.h"
#include "event/kind.h"
#include "event/mapping/mapping.h"
#include "outbox/read/audit.h"
#include "term/pretty.h"
#include "term/table.h"
#include "term/terminal.h"
#include "term/when.h"

#define TEXT_MAX INT64_C(1073741824) /* of one event laid out; bodies are bounded by max_body */
#define FIELD 14                     /* columns of a name */

/* Everything about one event, collected before anything is printed. */
struct portrait {
	const struct options *options;
	const struct config *config;
	struct buf text;     /* for people: event and history */
	struct table *table; /* while one is filled */
	struct terminal terminal;
	cJSON *json;
	cJSON *list;        /* while one is filled */
	struct buf body;    /* as received */
	struct buf sent;    /* the object for Bento */
	const char *cannot; /* why there is none; NULL when there is one */
	struct mapping_options mapping;
	int64_t attempt_id;  /* the last one that carried it, or may have; 0: none */
	struct buf said;     /* what the last attempt said, unless it was delivered */
	bool settled_unsent; /* unsupported or invalid */
};

/* ---- what is sent --------------------------------------------------------------------------- */

/* The settings of the event's site, until an attempt tells which ones it used. */
static void
take_configured_mapping(struct portrait *p, struct slice site)
{
	p->mapping = (struct mapping_options){ .unique_key = true, .send_date = true };
	for (size_t i = 0; i < p->config->n_sites; i++)
		if (slice_equals(slice_from(p->config->sites[i].name), site))
			wiring_mapping(&p->config->sites[i], &p->mapping);
}

static void
map_event(struct portrait *p, const struct audit_event *event)
{
	struct mapping_input in = {
		.body = event->body,
		.context = event->context,
		.browser = event->browser,
		.batch_integrations = event->integrations,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at,
		.kind = kind_parse(event->kind),
	};
	const char *reason = NULL;
	struct mapped mapped;

	p->cannot = NULL;
	if (event->body.p == NULL)
		p->cannot = "its body was removed by retention";
	else if (mapping_append(&p->mapping, &in, &p->sent, &mapped, &reason) != 0)
		p->cannot = reason != NULL ? reason_in_words(reason) : "it is too large";
}

/* ---- for people ----------------------------------------------------------------------------- */

static void
add_time_line(struct portrait *p, const char *name, int64_t at)
{
	char text[WHEN_TIME_SIZE];

	when_time(at, text);
	if (at != 0)
		buf_printf(&p->text, "  %-*s%s %s\n", FIELD, name, text, when_zone());
}

static void
add_number_line(struct portrait *p, const char *name, int64_t value)
{
	if (value != 0)
		buf_printf(&p->text, "  %-*s%lld\n", FIELD, name, (long long)value);
}

static void
describe_event(struct portrait *p, const struct audit_event *event)
{
	buf_printf(&p->text, "event %lld\n", (long long)event->event_id);
	table_append_line(&p->text, FIELD, "status", event->status);
	table_append_line(&p->text, FIELD, "reason", event->reason);
	table_append_line(&p->text, FIELD, "detail", event->detail);
	table_append_line(&p->text, FIELD, "site", event->site);
	table_append_line(&p->text, FIELD, "kind", event->kind);
	table_append_line(&p->text, FIELD, "name", event->name);
	table_append_line(&p->text, FIELD, "email", event->email);
	table_append_line(&p->text, FIELD, "message id", event->message_id);
	add_time_line(p, "received", event->received_at);
	add_time_line(p, "occurred", event->occurred_at);
	add_time_line(p, "settled", event->settled_at);
	add_time_line(p, "next attempt", event->next_attempt_at);
	if (event->attempts != 0)
		buf_printf(&p->text, "  %-*s%lld charged\n", FIELD, "attempts",
		    (long long)event->attempts);
	add_number_line(p, "maybe sent", event->maybe_sent);
}

static void
begin_table(struct portrait *p, const char *title, const struct table_column *columns, size_t n)
{
	buf_printf(&p->text, "\n%s\n", title);
	p->table = table_new(columns, n, p->terminal.width, p->terminal.colour, &p->text);
}

static void
add_attempt_row(struct portrait *p, const struct audit_attempt *a)
{
	char started[WHEN_TIME_SIZE];

	when_time(a->started_at, started);
	table_printf(p->table, TABLE_PLAIN, "%lld", (long long)a->attempt_id);
	table_cell(p->table, slice_from(started), TABLE_PLAIN);
	table_printf(p->table, TABLE_PLAIN, "%lld ms", (long long)a->duration_ms);
	table_printf(p->table, TABLE_PLAIN, "%lld", (long long)a->events);
	table_cell(p->table, a->endpoint, TABLE_PLAIN);
	table_printf(p->table, TABLE_PLAIN, a->http_status == 0 ? "-" : "%d", a->http_status);
	table_cell(p->table, a->outcome.n == 0 ? SLICE("under way") : a->outcome,
	    SLICE_IS(a->outcome, "delivered") ? TABLE_GOOD : TABLE_WAITING);
	table_cell(p->table, a->error, TABLE_PLAIN);
}

static void
add_operation_row(struct portrait *p, const struct audit_operation *op)
{
	char at[WHEN_TIME_SIZE];

	when_time(op->at, at);
	table_printf(p->table, TABLE_PLAIN, "%lld", (long long)op->operation_id);
	table_cell(p->table, slice_from(at), TABLE_PLAIN);
	table_cell(p->table, op->actor, TABLE_PLAIN);
	table_cell(p->table, op->verb, TABLE_PLAIN);
	table_cell(p->table, op->status, TABLE_PLAIN);
	table_cell(p->table, op->note, TABLE_PLAIN);
}

/* ---- collecting ----------------------------------------------------------------------------- */

static void
take_event(void *arg, const struct audit_event *event)
{
	struct portrait *p = arg;

	buf_append_slice(&p->body, event->body);
	p->settled_unsent =
	    SLICE_IS(event->status, "invalid") || SLICE_IS(event->status, "unsupported");
	if (p->attempt_id == 0)
		take_configured_mapping(p, event->site);
	map_event(p, event);
	if (p->options->json)
		p->json = event_json(event);
	else
		describe_event(p, event);
}

/* Before the event, because its mapping decides how the event is mapped. */
static void
find_mapping(void *arg, const struct audit_attempt *attempt)
{
	struct portrait *p = arg;

	if (attempt->mapping.p != NULL && !SLICE_IS(attempt->outcome, "not_sent")
	    && mapping_parse(attempt->mapping, &p->mapping) == 0)
		p->attempt_id = attempt->attempt_id;
}

/* The whole of what the table may cut, and Bento's answer, which advice asks to look at. */
static void
note_answer(struct portrait *p, const struct audit_attempt *a)
{
	buf_clear(&p->said);
	if (SLICE_IS(a->outcome, "delivered") || (a->error.n == 0 && a->response.n == 0))
		return;
	buf_printf(&p->said, "\nattempt %lld said\n", (long long)a->attempt_id);
	if (a->error.n > 0) {
		buf_append_literal(&p->said, "  ");
		table_append_clean(&p->said, a->error);
		buf_append_byte(&p->said, '\n');
	}
	if (a->response.n > 0) {
		buf_append_literal(&p->said, "  Bento's answer: ");
		table_append_clean(&p->said, a->response);
		buf_append_byte(&p->said, '\n');
	}
}

static void
take_attempt(void *arg, const struct audit_attempt *attempt)
{
	static const struct table_column columns[] = { { "ID", 0, true }, { "STARTED", 0, false },
		{ "TOOK", 0, true }, { "EVENTS", 0, true }, { "TO", 0, false }, { "HTTP", 0, true },
		{ "OUTCOME", 0, false }, { "ERROR", 6, false } };
	struct portrait *p = arg;

	if (p->options->json) {
		cJSON_AddItemToArray(p->list, attempt_json(attempt));
		return;
	}
	if (p->table == NULL)
		begin_table(p, "attempts", columns, sizeof(columns) / sizeof(*columns));
	if (p->table != NULL)
		add_attempt_row(p, attempt);
	note_answer(p, attempt);
}

static void
take_operation(void *arg, const struct audit_operation *operation)
{
	static const struct table_column columns[] = { { "ID", 0, true }, { "AT", 0, false },
		{ "WHO", 4, false }, { "DID", 0, false }, { "IT WAS", 0, false },
		{ "NOTE", 6, false } };
	struct portrait *p = arg;

	if (p->options->json) {
		cJSON_AddItemToArray(p->list, operation_json(operation));
		return;
	}
	if (p->table == NULL)
		begin_table(p, "operations", columns, sizeof(columns) / sizeof(*columns));
	if (p->table != NULL)
		add_operation_row(p, operation);
}

static int
end_table(struct portrait *p, struct err *e)
{
	struct table *table = p->table;

	p->table = NULL;
	return table == NULL || table_end(table) == 0 ? 0 : err_nomem(e);
}

static int
collect_attempts(struct portrait *p, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	if (p->options->json)
		p->list = cJSON_AddArrayToObject(p->json, "history");
	rc = outbox_audit_attempts(audit, id, take_attempt, p, e);
	if (end_table(p, e) != 0)
		return -1;
	buf_append_slice(&p->text, buf_slice(&p->said));
	return rc;
}

static int
collect_operations(struct portrait *p, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	if (p->options->json)
		p->list = cJSON_AddArrayToObject(p->json, "operations");
	rc = outbox_audit_operations(audit, id, take_operation, p, e);
	return end_table(p, e) == 0 ? rc : -1;
}

/* 1 it is all there, 0 there is no such event, -1. */
static int
collect(struct portrait *p, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	if (outbox_audit_attempts(audit, id, find_mapping, p, e) != 0)
		return -1;
	rc = outbox_audit_event(audit, id, take_event, p, e);
	if (rc != 1)
		return rc;
	if (collect_attempts(p, audit, id, e) != 0 || collect_operations(p, audit, id, e) != 0)
		return -1;
	return p->text.failed || p->said.failed || p->body.failed || p->sent.failed ? err_nomem(e)
										    : 1;
}

/* ---- printing ------------------------------------------------------------------------------- */

static void
print_pretty(const char *title, struct slice json)
{
	struct buf text;

	buf_init(&text, (size_t)TEXT_MAX);
	pretty_append(&text, json, 2);
	printf("\n%s\n%s\n", title, text.failed ? "  (too large to show; use --raw)" : text.p);
	buf_free(&text);
}

static void
print_text(const struct portrait *p)
{
	char title[64];

	fwrite(p->text.p, 1, p->text.n, stdout);
	if (p->body.n > 0)
		print_pretty("received", buf_slice(&p->body));
	if (p->cannot != NULL)
		printf("\nnothing can be sent to Bento: %s\n", p->cannot);
	else if (p->attempt_id != 0) {
		snprintf(title, sizeof(title), "sent to Bento, last in attempt %lld",
		    (long long)p->attempt_id);
		print_pretty(title, buf_slice(&p->sent));
	} else {
		print_pretty(p->settled_unsent ? "not sent; after a requeue this would be"
					       : "would be sent to Bento",
		    buf_slice(&p->sent));
	}
}

static void
add_raw(cJSON *to, const char *key, const struct buf *json)
{
	struct buf line;

	buf_init(&line, (size_t)TEXT_MAX);
	pretty_append_line(&line, buf_slice(json));
	if (json->n == 0 || line.failed)
		cJSON_AddNullToObject(to, key);
	else
		cJSON_AddRawToObject(to, key, line.p);
	buf_free(&line);
}

static int
print_json(struct portrait *p)
{
	cJSON *o = p->json;

	p->json = NULL;
	add_raw(o, "body", &p->body);
	add_raw(o, p->attempt_id != 0 ? "sent" : "would_send", &p->sent);
	if (p->cannot != NULL)
		cJSON_AddStringToObject(o, "cannot_send", p->cannot);
	return verb_print_json(o) == 0 ? VERB_DONE : VERB_ERROR;
}

static int
print(struct portrait *p)
{
	const struct buf *only = p->options->raw ? &p->body : &p->sent;

	if (p->options->sent && p->cannot != NULL) {
		fprintf(stderr, "bentospool: nothing can be sent to Bento: %s\n", p->cannot);
		return VERB_ERROR;
	}
	if (p->options->raw || p->options->sent) {
		fwrite(only->p == NULL ? "" : only->p, 1, only->n, stdout);
		putchar('\n');
		return VERB_DONE;
	}
	if (p->options->json)
		return print_json(p);
	print_text(p);
	return VERB_DONE;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static void
note_id(void *arg, const struct audit_event *event)
{
	int64_t *id = arg;

	*id = event->event_id;
}

/* By the operand, else the newest one with the message id. 0: none matches. */
static int
choose_event(struct outbox_audit *audit, const struct options *o, int64_t *ret_id, struct err *e)
{
	struct audit_page page = { .rows = 1, .newest = true };

	*ret_id = 0;
	if (o->n_operands == 0)
		return outbox_audit_list(audit, &o->filter, &page, note_id, ret_id, e);
	return verb_read_id(o->operands[0], ret_id);
}

static int
show(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct portrait p = { .options = o, .config = c };
	struct err e;
	int64_t id;
	int rc;

	if (choose_event(audit, o, &id, &e) != 0)
		return verb_fail(&e);
	buf_init(&p.text, (size_t)TEXT_MAX);
	buf_init(&p.said, (size_t)TEXT_MAX);
	buf_init(&p.body, (size_t)TEXT_MAX);
	buf_init(&p.sent, (size_t)TEXT_MAX);
	terminal_look(stdout, &p.terminal);
	rc = id == 0 ? 0 : collect(&p, audit, id, &e);
	if (rc == 1) {
		rc = print(&p);
	} else if (rc == 0) {
		fprintf(stderr, "bentospool: there is no such event\n");
		rc = VERB_NOTHING;
	} else {
		rc = verb_fail(&e);
	}
	cJSON_Delete(p.json);
	buf_free(&p.text);
	buf_free(&p.said);
	buf_free(&p.body);
	buf_free(&p.sent);
	return rc;
}

int
verb_show(const struct options *o)
{
	struct outbox_audit *audit;
	struct config *c;
	int64_t id;
	int rc;

	if ((o->n_operands == 0) == (o->filter.text[FILTER_MESSAGE_ID] == NULL))
		return verb_usage("show: say which event, by its id or with --message-id");
	if (o->n_operands == 1 && verb_read_id(o->operands[0], &id) != 0)
		return verb_usage("show: \"%.40s\" is no id of an event", o->operands[0]);
	if (o->json + o->raw + o->sent > 1)
		return verb_usage("show: --json, --raw and --sent exclude each other");
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	rc = show(audit, o, c);
	outbox_audit_close(audit);
	config_free(c);
	return rc;
}
