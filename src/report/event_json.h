/* Events and their history as JSON; the keys are the columns of the views. */
#ifndef REPORT_EVENT_JSON_H
#define REPORT_EVENT_JSON_H

#include <stdint.h>

#include "outbox/read/audit.h"

struct cJSON;

/* How ids, counts of events and times are written. */
enum json_form {
	JSON_LINES, /* as verbs print them: numbers, and ISO 8601 or null */
	/* For the dashboard: ids and counts as strings, because browsers round above 2^53; times as
	 * wall ms, 0 for none. */
	JSON_PAGE
};

/* All columns of the view `outbox` except the body; for the page also `words`, the reason as a
 * sentence. */
struct cJSON *event_json(const struct audit_event *event, enum json_form form);
struct cJSON *attempt_json(const struct audit_attempt *attempt, enum json_form form);
/* All columns of the view `operations`. */
struct cJSON *operation_row_json(const struct audit_operation_row *row, enum json_form form);
struct cJSON *operation_json(const struct audit_operation *operation, enum json_form form);
/* Adds an id or a count of events. */
void json_add_id(struct cJSON *to, const char *key, int64_t id, enum json_form form);
void json_add_at(struct cJSON *to, const char *key, int64_t at, enum json_form form);
/* Moves the members of `from`, which is freed, to `to`; a member that `to` has already is kept. */
void json_join(struct cJSON *to, struct cJSON *from);
/* Adds a string; null for an absent slice. */
void json_add_slice(struct cJSON *to, const char *key, struct slice text);
/* Adds an ISO 8601 time; null for 0. */
void json_add_time(struct cJSON *to, const char *key, int64_t at);
/* Adds the HTTP status of an answer; without one, null in lines and 0 for the page. */
void json_add_http_status(struct cJSON *to, int http_status, enum json_form form);
/* Appends the object as a line and frees it. */
void json_append_line(struct buf *to, struct cJSON *object);

#endif
