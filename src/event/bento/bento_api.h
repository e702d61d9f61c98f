/*
 * Reads and checks events and subscribers in Bento's own format (doc/bento.md), received on one of
 * Bento's paths. An event that Bento would refuse or silently drop is stored as invalid, with a
 * reason. event/mapping/mapping_bento_api.h forwards the others. Pure; any thread.
 */
#ifndef EVENT_BENTO_BENTO_API_H
#define EVENT_BENTO_BENTO_API_H

#include <stdbool.h>

#include "base/err.h"
#include "event/json/json.h"
#include "event/kind.h"
#include "event/segment/segment.h"

/*
 * Fills the `out` part of the request, including site_uuid. r->path_kind states the expected body:
 * {"events":[...]} (KIND_BENTO) or {"subscribers":[...]} (KIND_SUBSCRIBER). Fails like
 * segment_parse.
 */
int bento_api_parse(struct segment_request *r, struct err *e);

/* When a key occurs twice, its last value counts. Slices point into the text that was read. */
struct bento_api_fields {
	struct slice body; /* the object itself */
	struct json_value type;
	struct json_value email;
	struct json_value date;
	struct json_value fields;
	struct json_value details;
	struct json_value unique; /* details.unique */
	bool fields_nested;       /* fields has a member that is an object or array */
	bool nested;              /* a member other than fields and details is an object */
};

/* Returns the raw object; absent when the value is not an object. */
struct slice bento_api_object(const struct json_value *value);
/* Whether the value is a string with a comma, or cannot be decoded: as a tag it would become two.
 */
bool bento_api_has_comma(const struct json_value *value);
/* Whether a subscriber's member is a list of tags that PHP printed as an object because the list
 * has holes: its keys are numbers, its values plain and without commas. */
bool bento_api_is_tag_list(struct slice raw_key, const struct json_value *value);
/* Whether the date is written in ISO 8601 and means occurred_at, so that Bento reads the same
 * time. */
bool bento_api_date_is_plain(const struct json_value *date, int64_t occurred_at);
/* Consumes the next value. Returns 0, or -1 when it is not a valid JSON object. */
int bento_api_read(struct json *j, struct bento_api_fields *ret_fields);
/*
 * Returns why the event can never be sent, as a static word, or NULL when nothing is wrong. name
 * and email are decoded; email is the address that the event goes to, absent when there is no valid
 * one.
 */
const char *bento_api_fault(
    enum event_kind kind, const struct bento_api_fields *f, struct slice name, struct slice email);

#endif
