/* Events and their history as JSON; the keys are the columns of the views. */
#ifndef REPORT_EVENT_JSON_H
#define REPORT_EVENT_JSON_H

#include <stdint.h>

#include "outbox/read/audit.h"

struct cJSON;

/* All columns of the view `outbox` except the body. */
struct cJSON *event_json(const struct audit_event *event);
struct cJSON *attempt_json(const struct audit_attempt *attempt);
struct cJSON *operation_json(const struct audit_operation *operation);
/* Adds a string; null for an absent slice. */
void json_add_slice(struct cJSON *to, const char *key, struct slice text);
/* Adds an ISO 8601 time; null for 0. */
void json_add_time(struct cJSON *to, const char *key, int64_t at);
/* Appends the object as a line and frees it. */
void json_append_line(struct buf *to, struct cJSON *object);

#endif
