/* Between native.c (one event) and native_parse.c (the body around them). Pure. */
#ifndef EVENT_NATIVE_PRIV_H
#define EVENT_NATIVE_PRIV_H

#include <stdbool.h>

#include "event/json.h"
#include "event/kind.h"

/* Of keys given twice the last one counts. Slices point into the text that was read. */
struct native_fields {
	struct slice body; /* the object itself */
	struct json_value type;
	struct json_value email;
	struct json_value date;
	struct json_value fields;
	struct json_value details;
	struct json_value unique; /* details.unique */
	bool fields_nested;       /* fields holds an object or array */
	bool nested;              /* another member is an object or array */
};

/* Consumes the object that comes next. 0, or -1 when it is no such JSON. */
int native_read(struct json *j, struct native_fields *ret_fields);
/*
 * Why it can never be sent: a static word; NULL: nothing is wrong. name and email are decoded;
 * email is the one it is sent to, absent when the event has none that is valid.
 */
const char *native_fault(
    enum event_kind kind, const struct native_fields *f, struct slice name, struct slice email);

#endif
