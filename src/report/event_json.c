/* Events, attempts and operations as JSON objects; absent values are null. */
#include "report/event_json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/isotime.h"
#include "report/reasons.h"

void
json_add_slice(cJSON *to, const char *key, struct slice text)
{
	char *copy = text.p == NULL ? NULL : strndup(text.p, text.n);

	if (copy == NULL)
		cJSON_AddNullToObject(to, key);
	else
		cJSON_AddStringToObject(to, key, copy);
	free(copy);
}

void
json_add_time(cJSON *to, const char *key, int64_t at)
{
	char text[ISOTIME_SIZE];

	if (at == 0) {
		cJSON_AddNullToObject(to, key);
		return;
	}
	isotime_format(at, text);
	cJSON_AddStringToObject(to, key, text);
}

void
json_add_id(cJSON *to, const char *key, int64_t id, enum json_form form)
{
	char text[24];

	if (form == JSON_LINES) {
		cJSON_AddNumberToObject(to, key, (double)id);
		return;
	}
	snprintf(text, sizeof(text), "%" PRId64, id);
	cJSON_AddStringToObject(to, key, text);
}

void
json_add_at(cJSON *to, const char *key, int64_t at, enum json_form form)
{
	if (form == JSON_LINES)
		json_add_time(to, key, at);
	else
		cJSON_AddNumberToObject(to, key, (double)at);
}

void
json_add_http_status(cJSON *to, int http_status, enum json_form form)
{
	if (http_status == 0 && form == JSON_LINES)
		cJSON_AddNullToObject(to, "http_status");
	else
		cJSON_AddNumberToObject(to, "http_status", http_status);
}

void
json_join(cJSON *to, cJSON *from)
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

/* Adds the reason in words. */
static void
add_words(cJSON *to, struct slice reason)
{
	char name[64];

	if (reason.n == 0 || reason.n >= sizeof(name)) {
		cJSON_AddNullToObject(to, "words");
		return;
	}
	memcpy(name, reason.p, reason.n);
	name[reason.n] = '\0';
	cJSON_AddStringToObject(to, "words", reason_in_words(name));
}

cJSON *
event_json(const struct audit_event *event, enum json_form form)
{
	cJSON *o = cJSON_CreateObject();

	json_add_id(o, "event_id", event->event_id, form);
	json_add_slice(o, "site", event->site);
	json_add_slice(o, "message_id", event->message_id);
	json_add_slice(o, "kind", event->kind);
	json_add_slice(o, "name", event->name);
	json_add_slice(o, "email", event->email);
	json_add_slice(o, "status", event->status);
	json_add_slice(o, "reason", event->reason);
	if (form == JSON_PAGE)
		add_words(o, event->reason);
	cJSON_AddNumberToObject(o, "attempts", (double)event->attempts);
	json_add_at(o, "received_at", event->received_at, form);
	json_add_at(o, "occurred_at", event->occurred_at, form);
	json_add_at(o, "next_attempt_at", event->next_attempt_at, form);
	json_add_at(o, "settled_at", event->settled_at, form);
	json_add_http_status(o, event->http_status, form);
	json_add_slice(o, "error", event->error.n > 0 ? event->error : event->detail);
	json_add_slice(o, "detail", event->detail);
	cJSON_AddNumberToObject(o, "maybe_sent", (double)event->maybe_sent);
	if (event->via.p != NULL) {
		json_add_slice(o, "via", event->via);
		json_add_at(o, "arrived_at", event->arrived_at, form);
	}
	return o;
}

cJSON *
attempt_json(const struct audit_attempt *attempt, enum json_form form)
{
	cJSON *o = cJSON_CreateObject();

	json_add_id(o, "attempt_id", attempt->attempt_id, form);
	json_add_at(o, "started_at", attempt->started_at, form);
	json_add_at(o, "finished_at", attempt->finished_at, form);
	cJSON_AddNumberToObject(o, "duration_ms", (double)attempt->duration_ms);
	json_add_id(o, "events", attempt->events, form);
	cJSON_AddNumberToObject(o, "bytes", (double)attempt->bytes);
	json_add_http_status(o, attempt->http_status, form);
	json_add_slice(o, "outcome", attempt->outcome);
	json_add_slice(o, "error", attempt->error);
	json_add_slice(o, "response", attempt->response);
	json_add_slice(o, "endpoint", attempt->endpoint);
	return o;
}

cJSON *
operation_json(const struct audit_operation *operation, enum json_form form)
{
	cJSON *o = cJSON_CreateObject();

	json_add_id(o, "operation_id", operation->operation_id, form);
	json_add_at(o, "at", operation->at, form);
	json_add_slice(o, "actor", operation->actor);
	json_add_slice(o, "verb", operation->verb);
	json_add_slice(o, "note", operation->note);
	json_add_slice(o, "status_before", operation->status);
	json_add_slice(o, "reason_before", operation->reason);
	return o;
}

cJSON *
operation_row_json(const struct audit_operation_row *row, enum json_form form)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *filter = cJSON_ParseWithLength(row->filter.p, row->filter.n);

	json_add_id(o, "operation_id", row->operation_id, form);
	json_add_at(o, "at", row->at, form);
	json_add_slice(o, "actor", row->actor);
	json_add_slice(o, "verb", row->verb);
	cJSON_AddItemToObject(o, "filter", filter != NULL ? filter : cJSON_CreateNull());
	json_add_slice(o, "note", row->note);
	json_add_id(o, "events", row->events, form);
	if (form == JSON_PAGE || row->undone_by != 0)
		json_add_id(o, "undone_by", row->undone_by, form);
	else
		cJSON_AddNullToObject(o, "undone_by");
	if (form == JSON_PAGE)
		json_add_id(o, "undoes", row->undoes, form);
	return o;
}

void
json_append_line(struct buf *to, cJSON *object)
{
	char *line = cJSON_PrintUnformatted(object);

	if (line == NULL)
		to->failed = true;
	else
		buf_printf(to, "%s\n", line);
	cJSON_free(line);
	cJSON_Delete(object);
}
