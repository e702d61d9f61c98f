/*
 * Collects everything about one event before anything is printed: the event, its attempts, the
 * operations on it, and the object for Bento, made again from the body with the mapping of the last
 * attempt. The facts are text for people or a JSON object. Fails on errors of the database and
 * without memory.
 */
#include "report/event_report.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "config/mapping.h"
#include "event/kind.h"
#include "event/mapping/mapping.h"
#include "outbox/read/audit.h"
#include "report/event_json.h"
#include "report/reasons.h"
#include "term/table.h"
#include "term/when.h"

#define FIELD 14 /* columns for a name */

struct collector {
	struct event_report *report;
	const struct config *config;
	const struct terminal *terminal; /* NULL when JSON is made */
	struct mapping_options mapping;
	struct table *table; /* set while a table is filled */
	cJSON *list;         /* set while a list is filled */
	struct buf answer;   /* the answer to the last attempt, unless it delivered the event */
};

/* ---- what is sent --------------------------------------------------------------------------- */

/* Uses the mapping of the event's site in the configuration, when no attempt recorded one. */
static void
take_configured_mapping(struct collector *c, struct slice site)
{
	c->mapping = (struct mapping_options){ .unique_key = true, .send_date = true };
	for (size_t i = 0; i < c->config->n_sites; i++)
		if (slice_equals(slice_from(c->config->sites[i].name), site))
			config_mapping(&c->config->sites[i], &c->mapping);
}

static void
map_event(struct collector *c, const struct audit_event *event)
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
		.received_at = event->received_at,
		.kind = kind_parse(event->kind),
	};
	const char *reason = NULL;
	struct mapped mapped;

	c->report->cannot = NULL;
	c->report->peer = c->mapping.forward ? "the central spooler" : "Bento";
	if (event->body.p == NULL)
		c->report->cannot = "its body was removed by retention";
	else if (mapping_append(&c->mapping, &in, &c->report->sent, &mapped, &reason) != 0)
		c->report->cannot = reason != NULL ? reason_in_words(reason) : "it is too large";
}

/* ---- for people ----------------------------------------------------------------------------- */

static void
add_time_line(struct collector *c, const char *name, int64_t at)
{
	char text[WHEN_TIME_SIZE];

	when_time(at, text);
	if (at != 0)
		buf_printf(&c->report->text, "  %-*s%s %s\n", FIELD, name, text, when_zone());
}

static void
add_number_line(struct collector *c, const char *name, int64_t value)
{
	if (value != 0)
		buf_printf(&c->report->text, "  %-*s%lld\n", FIELD, name, (long long)value);
}

/* Returns NULL when nothing is damaged. */
static const char *
damage_of(const struct audit_event *event)
{
	if (event->changed)
		return "its checksum is wrong: the disk has changed it; see bentospool verify";
	if (event->batch_changed)
		return "the disk has changed the values of its batch; see bentospool verify";
	return NULL;
}

static void
describe_event(struct collector *c, const struct audit_event *event)
{
	buf_printf(&c->report->text, "event %lld\n", (long long)event->event_id);
	table_append_line(&c->report->text, FIELD, "status", event->status);
	table_append_line(&c->report->text, FIELD, "reason", event->reason);
	table_append_line(&c->report->text, FIELD, "detail", event->detail);
	if (damage_of(event) != NULL)
		table_append_line(&c->report->text, FIELD, "damage", slice_from(damage_of(event)));
	table_append_line(&c->report->text, FIELD, "site", event->site);
	table_append_line(&c->report->text, FIELD, "kind", event->kind);
	table_append_line(&c->report->text, FIELD, "name", event->name);
	table_append_line(&c->report->text, FIELD, "email", event->email);
	table_append_line(&c->report->text, FIELD, "message id", event->message_id);
	table_append_line(&c->report->text, FIELD, "via", event->via);
	add_time_line(c, "received", event->received_at);
	add_time_line(c, "arrived here", event->arrived_at);
	add_time_line(c, "occurred", event->occurred_at);
	add_time_line(c, "settled", event->settled_at);
	add_time_line(c, "next attempt", event->next_attempt_at);
	if (event->attempts != 0)
		buf_printf(&c->report->text, "  %-*s%lld charged\n", FIELD, "attempts",
		    (long long)event->attempts);
	add_number_line(c, "maybe sent", event->maybe_sent);
}

static void
begin_table(struct collector *c, const char *title, const struct table_column *columns, size_t n)
{
	buf_printf(&c->report->text, "\n%s\n", title);
	c->table = table_new(columns, n, c->terminal->width, c->terminal->color, &c->report->text);
}

static void
add_attempt_row(struct collector *c, const struct audit_attempt *a)
{
	char started[WHEN_TIME_SIZE];

	when_time(a->started_at, started);
	table_printf(c->table, TABLE_PLAIN, "%lld", (long long)a->attempt_id);
	table_cell(c->table, slice_from(started), TABLE_PLAIN);
	table_printf(c->table, TABLE_PLAIN, "%lld ms", (long long)a->duration_ms);
	table_printf(c->table, TABLE_PLAIN, "%lld", (long long)a->events);
	table_cell(c->table, a->endpoint, TABLE_PLAIN);
	table_printf(c->table, TABLE_PLAIN, a->http_status == 0 ? "-" : "%d", a->http_status);
	table_cell(c->table, a->outcome.n == 0 ? SLICE("in flight") : a->outcome,
	    SLICE_IS(a->outcome, "delivered") ? TABLE_GOOD : TABLE_WAITING);
	table_cell(c->table, a->error, TABLE_PLAIN);
}

static void
add_operation_row(struct collector *c, const struct audit_operation *op)
{
	char at[WHEN_TIME_SIZE];

	when_time(op->at, at);
	table_printf(c->table, TABLE_PLAIN, "%lld", (long long)op->operation_id);
	table_cell(c->table, slice_from(at), TABLE_PLAIN);
	table_cell(c->table, op->actor, TABLE_PLAIN);
	table_cell(c->table, op->verb, TABLE_PLAIN);
	table_cell(c->table, op->status, TABLE_PLAIN);
	table_cell(c->table, op->note, TABLE_PLAIN);
}

/* ---- collecting ----------------------------------------------------------------------------- */

static void
take_event(void *arg, const struct audit_event *event)
{
	struct collector *c = arg;

	c->report->has_body = event->body.p != NULL;
	if (c->report->has_body)
		buf_append_slice(&c->report->body, event->body);
	c->report->settled_unsent =
	    SLICE_IS(event->status, "invalid") || SLICE_IS(event->status, "unsupported");
	if (c->report->attempt_id == 0)
		take_configured_mapping(c, event->site);
	map_event(c, event);
	if (c->terminal != NULL) {
		describe_event(c, event);
		return;
	}
	c->report->json = event_json(event, c->report->form);
	if (damage_of(event) != NULL)
		cJSON_AddStringToObject(c->report->json, "damage", damage_of(event));
}

/* Runs before take_event, which uses the mapping of the last attempt. */
static void
find_mapping(void *arg, const struct audit_attempt *attempt)
{
	struct collector *c = arg;

	if (attempt->mapping.p != NULL && !SLICE_IS(attempt->outcome, "not_sent")
	    && mapping_parse(attempt->mapping, &c->mapping) == 0)
		c->report->attempt_id = attempt->attempt_id;
}

/* Keeps in full what the table may cut: the error and Bento's response. */
static void
keep_answer(struct collector *c, const struct audit_attempt *a)
{
	buf_clear(&c->answer);
	if (SLICE_IS(a->outcome, "delivered") || (a->error.n == 0 && a->response.n == 0))
		return;
	buf_printf(&c->answer, "\nattempt %lld failed\n", (long long)a->attempt_id);
	if (a->error.n > 0) {
		buf_append_literal(&c->answer, "  ");
		table_append_clean(&c->answer, a->error);
		buf_append_byte(&c->answer, '\n');
	}
	if (a->response.n > 0) {
		buf_printf(&c->answer, "  %s response: ",
		    SLICE_IS(a->endpoint, "center") ? "the center's" : "Bento's");
		table_append_clean(&c->answer, a->response);
		buf_append_byte(&c->answer, '\n');
	}
}

static void
take_attempt(void *arg, const struct audit_attempt *attempt)
{
	static const struct table_column columns[] = { { "ID", 0, true }, { "STARTED", 0, false },
		{ "TOOK", 0, true }, { "EVENTS", 0, true }, { "TO", 0, false }, { "HTTP", 0, true },
		{ "OUTCOME", 0, false }, { "ERROR", 6, false } };
	struct collector *c = arg;

	if (c->terminal == NULL) {
		cJSON_AddItemToArray(c->list, attempt_json(attempt, c->report->form));
		return;
	}
	if (c->table == NULL)
		begin_table(c, "attempts", columns, sizeof(columns) / sizeof(*columns));
	if (c->table != NULL)
		add_attempt_row(c, attempt);
	keep_answer(c, attempt);
}

static void
take_operation(void *arg, const struct audit_operation *operation)
{
	static const struct table_column columns[] = { { "ID", 0, true }, { "AT", 0, false },
		{ "WHO", 4, false }, { "VERB", 0, false }, { "BEFORE", 0, false },
		{ "NOTE", 6, false } };
	struct collector *c = arg;

	if (c->terminal == NULL) {
		cJSON_AddItemToArray(c->list, operation_json(operation, c->report->form));
		return;
	}
	if (c->table == NULL)
		begin_table(c, "operations", columns, sizeof(columns) / sizeof(*columns));
	if (c->table != NULL)
		add_operation_row(c, operation);
}

static int
end_table(struct collector *c, struct err *e)
{
	struct table *table = c->table;

	c->table = NULL;
	return table == NULL || table_end(table) == 0 ? 0 : err_nomem(e);
}

static int
collect_attempts(struct collector *c, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	if (c->terminal == NULL)
		c->list = cJSON_AddArrayToObject(c->report->json, "history");
	rc = outbox_audit_attempts(audit, id, take_attempt, c, e);
	if (end_table(c, e) != 0)
		return -1;
	buf_append_slice(&c->report->text, buf_slice(&c->answer));
	return rc;
}

static int
collect_operations(struct collector *c, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	if (c->terminal == NULL)
		c->list = cJSON_AddArrayToObject(c->report->json, "operations");
	rc = outbox_audit_operations(audit, id, take_operation, c, e);
	return end_table(c, e) == 0 ? rc : -1;
}

static int
collect(struct collector *c, struct outbox_audit *audit, int64_t id, struct err *e)
{
	int rc;

	if (outbox_audit_attempts(audit, id, find_mapping, c, e) != 0)
		return -1;
	rc = outbox_audit_event(audit, id, take_event, c, e);
	if (rc != 1)
		return rc;
	if (collect_attempts(c, audit, id, e) != 0 || collect_operations(c, audit, id, e) != 0)
		return -1;
	return 1;
}

int
event_report_collect(struct event_report *r, struct outbox_audit *audit, int64_t id,
    const struct config *config, const struct terminal *terminal, struct err *e)
{
	struct collector c = { .report = r, .config = config, .terminal = terminal };
	int rc;

	buf_init(&r->text, EVENT_REPORT_MAX);
	buf_init(&r->body, EVENT_REPORT_MAX);
	buf_init(&r->sent, EVENT_REPORT_MAX);
	buf_init(&c.answer, EVENT_REPORT_MAX);
	rc = collect(&c, audit, id, e);
	if (rc == 1 && (r->text.failed || c.answer.failed || r->body.failed || r->sent.failed))
		rc = err_nomem(e);
	buf_free(&c.answer);
	return rc;
}

void
event_report_free(struct event_report *r)
{
	cJSON_Delete(r->json);
	buf_free(&r->text);
	buf_free(&r->body);
	buf_free(&r->sent);
}
