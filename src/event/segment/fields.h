/*
 * One walk over a Segment event that finds what matters in it, as raw values. Used at receipt
 * (segment.c) and again when it is forwarded (mapping.c), so that both see the same. Pure.
 */
#ifndef EVENT_SEGMENT_FIELDS_H
#define EVENT_SEGMENT_FIELDS_H

#include <stdbool.h>

#include "base/slice.h"
#include "event/json/json.h"
#include "event/segment/key.h"
#include "event/segment/person.h"

/* Of keys given twice the last one counts, wholly. Slices point into the text that was read. */
struct event_fields {
	struct slice body; /* the object itself */
	struct json_value value[KEY_BATCH + 1];
	bool older; /* `options`, or an older place of integrations in `context` */
	struct person_sources sources;
};

/* Consumes the event, whose opening brace comes next. 0, or -1 when it is not such JSON. */
int event_fields_read(struct json *j, struct event_fields *ret_fields);
/*
 * Consumes the value of a `context` of any type; ret_traits gets what its `traits` says of the
 * person, nothing when there is none; ret_older is set when it has integrations, providers or all.
 * 0, or -1 when it is not JSON.
 */
int event_context_read(struct json *j, struct person_place *ret_traits,
    struct json_value *ret_context, bool *ret_older);
/* Absent, null, false, "" or []: what PHP and others write for an empty object. */
bool event_says_nothing(const struct json_value *value);
/* A member of a raw, valid object; JSON_NONE when there is none. */
struct json_value event_find_member(struct slice object, const char *name);
/* Nothing but white space and control bytes, or nothing at all. */
bool event_is_blank(struct slice text);
/* Whether the meaning of a raw string is blank. */
bool event_string_is_blank(struct slice raw);

#endif
