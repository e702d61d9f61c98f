/*
 * Finds, in one walk over a Segment event, the raw values that matter. segment.c uses it at receipt
 * and mapping.c again when the event is forwarded, so that both see the same. Pure.
 */
#ifndef EVENT_SEGMENT_FIELDS_H
#define EVENT_SEGMENT_FIELDS_H

#include <stdbool.h>

#include "base/slice.h"
#include "event/json/json.h"
#include "event/segment/invisible.h"
#include "event/segment/key.h"
#include "event/segment/person.h"

/* When a key occurs twice, only its last value counts. Slices point into the text that was read. */
struct event_fields {
	struct slice body; /* the object itself */
	struct json_value value[KEY_BATCH + 1];
	struct json_value unique; /* `unique` in the properties */
	bool older; /* the event has `options`, or an older place of integrations in `context` */
	struct person_sources sources;
};

/*
 * Consumes the event; its opening brace comes next. Returns 0, or -1 when it is not a JSON object.
 */
int event_fields_read(struct json *j, struct event_fields *ret_fields);
/*
 * Consumes a `context`, a value of any type. ret_traits gets what its `traits` says about the
 * person, nothing when there are none; ret_older is set when it has integrations, providers or all.
 * Returns 0, or -1 when it is not JSON.
 */
int event_context_read(struct json *j, struct person_place *ret_traits,
    struct json_value *ret_context, bool *ret_older);
/* True for an absent value, null, false, "" and [], which PHP and others write for an empty
 * object. */
bool event_says_nothing(const struct json_value *value);
/* Returns a member of a raw, valid object; JSON_NONE when it is missing. */
struct json_value event_find_member(struct slice object, const char *name);

#endif
