/* Everything about one event, and the object that was or would be sent for it. One thread. */
#ifndef REPORT_EVENT_REPORT_H
#define REPORT_EVENT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "report/event_json.h"
#include "term/terminal.h"

#define EVENT_REPORT_MAX 1073741824 /* bytes of each text; max_body bounds what is stored */

struct cJSON;
struct outbox_audit;

struct event_report {
	enum json_form form; /* in: of the facts; JSON_LINES unless it is set */
	struct buf text;     /* facts for people; empty with JSON */
	struct cJSON *json;  /* the facts as an object, without body and sent; NULL for people */
	struct buf body;     /* as received; empty when retention removed it */
	bool has_body;
	struct buf sent;     /* the object for Bento */
	const char *peer;    /* whom it is sent to: "Bento", or "the central spooler" */
	const char *cannot;  /* why there is no such object; NULL when there is one */
	int64_t attempt_id;  /* the last attempt that sent or may have sent the event; 0 for none */
	bool settled_unsent; /* the event is invalid or unsupported */
};

/*
 * r is zeroed, but for `form`; the caller calls event_report_free in any case. terminal is NULL for
 * JSON. Returns 1, 0 when the event does not exist, -1.
 */
int event_report_collect(struct event_report *r, struct outbox_audit *audit, int64_t id,
    const struct config *config, const struct terminal *terminal, struct err *e);
void event_report_free(struct event_report *r);

#endif
