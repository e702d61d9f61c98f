/*
 * Events and subscribers in Bento's own shape (doc/bento.md): taken from a request to one of
 * Bento's paths and checked. What Bento would refuse or drop in silence is kept as invalid, with a
 * reason. How they are passed on: event/mapping/mapping_bento_api.h. Pure; any thread.
 */
#ifndef EVENT_BENTO_BENTO_API_H
#define EVENT_BENTO_BENTO_API_H

#include <stdbool.h>

#include "base/err.h"
#include "event/json/json.h"
#include "event/kind.h"
#include "event/segment/segment.h"

/*
 * Fills the out part of the request, site_uuid too; r->path_kind says what the body holds:
 * {"events":[...]} (KIND_BENTO) or {"subscribers":[...]} (KIND_SUBSCRIBER). Errors as
 * segment_parse.
 */
int bento_api_parse(struct segment_request *r, struct err *e);

/* Of keys given twice the last one counts. Slices point into the text that was read. */
struct bento_api_fields {
	struct slice body; /* the object itself */
	struct json_value type;
	struct json_value email;
	struct json_value date;
	struct json_value fields;
	struct json_value details;
	struct json_value unique; /* details.unique */
	bool fields_nested;       /* fields holds an object or array */
	bool nested;              /* another member is an object */
};

/* The raw object; absent when it is something else. */
struct slice bento_api_object(const struct json_value *value);
/* Whether a date is ISO 8601 and that time, so that Bento reads it as it was read here. */
bool bento_api_date_is_plain(const struct json_value *date, int64_t occurred_at);
/* Consumes the object that comes next. 0, or -1 when it is not such JSON. */
int bento_api_read(struct json *j, struct bento_api_fields *ret_fields);
/*
 * Why it can never be sent: a static word; NULL: nothing is wrong. name and email are decoded;
 * email is the one it is sent to, absent when the event has none that is valid.
 */
const char *bento_api_fault(
    enum event_kind kind, const struct bento_api_fields *f, struct slice name, struct slice email);

#endif
