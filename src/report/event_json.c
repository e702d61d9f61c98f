/* Events, attempts and operations as JSON objects; absent values are null. */
#include "report/event_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/isotime.h"

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

static void
add_http_status(cJSON *to, int http_status)
{
	if (http_status == 0)
		cJSON_AddNullToObject(to, "http_status");
	else
		cJSON_AddNumberToObject(to, "http_status", http_status);
}

cJSON *
event_json(const struct audit_event *event)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "event_id", (double)event->event_id);
	json_add_slice(o, "site", event->site);
	json_add_slice(o, "message_id", event->message_id);
	json_add_slice(o, "kind", event->kind);
	json_add_slice(o, "name", event->name);
	json_add_slice(o, "email", event->email);
	json_add_slice(o, "status", event->status);
	json_add_slice(o, "reason", event->reason);
	cJSON_AddNumberToObject(o, "attempts", (double)event->attempts);
	json_add_time(o, "received_at", event->received_at);
	json_add_time(o, "occurred_at", event->occurred_at);
	json_add_time(o, "next_attempt_at", event->next_attempt_at);
	json_add_time(o, "settled_at", event->settled_at);
	add_http_status(o, event->http_status);
	json_add_slice(o, "error", event->error.n > 0 ? event->error : event->detail);
	json_add_slice(o, "detail", event->detail);
	cJSON_AddNumberToObject(o, "maybe_sent", (double)event->maybe_sent);
	if (event->via.p != NULL) {
		json_add_slice(o, "via", event->via);
		json_add_time(o, "arrived_at", event->arrived_at);
	}
	return o;
}

cJSON *
attempt_json(const struct audit_attempt *attempt)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "attempt_id", (double)attempt->attempt_id);
	json_add_time(o, "started_at", attempt->started_at);
	json_add_time(o, "finished_at", attempt->finished_at);
	cJSON_AddNumberToObject(o, "duration_ms", (double)attempt->duration_ms);
	cJSON_AddNumberToObject(o, "events", (double)attempt->events);
	cJSON_AddNumberToObject(o, "bytes", (double)attempt->bytes);
	add_http_status(o, attempt->http_status);
	json_add_slice(o, "outcome", attempt->outcome);
	json_add_slice(o, "error", attempt->error);
	json_add_slice(o, "response", attempt->response);
	json_add_slice(o, "endpoint", attempt->endpoint);
	return o;
}

cJSON *
operation_json(const struct audit_operation *operation)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "operation_id", (double)operation->operation_id);
	json_add_time(o, "at", operation->at);
	json_add_slice(o, "actor", operation->actor);
	json_add_slice(o, "verb", operation->verb);
	json_add_slice(o, "note", operation->note);
	json_add_slice(o, "status_before", operation->status);
	json_add_slice(o, "reason_before", operation->reason);
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
