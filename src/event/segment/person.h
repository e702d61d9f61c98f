/*
 * Who an event is about: the e-mail address and the names. Pure; any thread.
 *
 * The address is looked up at the top level of the event, then in context.traits (the event's own,
 * then its batch's), traits, properties, and last in a userId that looks like an address. Places
 * that describe the person rank before places that describe the event: an invitation that Ann sends
 * to Bob belongs to Ann. The names come from the place that gave the address; when that is userId,
 * or there is no address, from context.traits, the event's own before its batch's. A place gives an
 * address when its `email` is a string of the form local@domain; other values are ignored.
 */
#ifndef EVENT_SEGMENT_PERSON_H
#define EVENT_SEGMENT_PERSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "event/json/json.h"
#include "event/segment/key.h"

/* What the reader found in one place: the raw values of the keys that matter. The last value of a
 * key counts. */
struct person_place {
	struct json_value email;
	struct json_value first_name; /* firstName, else first_name */
	struct json_value last_name;
	struct json_value first_name_snake;
	struct json_value last_name_snake;
	struct json_value name; /* a screen's name in properties, a group's in traits */
};

enum person_where {
	PERSON_TOP,
	PERSON_CONTEXT_TRAITS,
	PERSON_BATCH_TRAITS,
	PERSON_TRAITS,
	PERSON_PROPERTIES,
	PERSON_PLACES,
	PERSON_USER_ID = PERSON_PLACES, /* places that can give an address, in order of rank */
	PERSON_NOBODY
};

struct person_sources {
	struct person_place place[PERSON_PLACES];
	struct json_value user_id;
};

struct person {
	enum person_where where; /* the place that gave the address */
	bool is_invalid;         /* a place had a text that is not an address */
	struct slice email;      /* decoded; absent when no place gave an address */
	struct slice first_name; /* raw JSON string, with quotes; absent when none */
	struct slice last_name;
};

/* Stores one member of a place; ignores keys that do not matter. */
void person_place_take(
    struct person_place *place, struct slice raw_key, const struct json_value *value);
/* Like person_place_take, for a key that is already known. */
void person_place_file(
    struct person_place *place, enum event_key key, const struct json_value *value);
/*
 * Reads and cleans (event/segment/address.h) the address in a value. Returns 1 when it is an
 * address, 0 when it is not, -1 when scratch is full. ret_email stays valid while scratch does not
 * grow past its max.
 */
int person_read_address(
    const struct json_value *value, struct buf *scratch, struct slice *ret_email);
/* With this much room in scratch person_find never fails. */
#define PERSON_SCRATCH_MAX 2048
/* Finds the person. An address with escapes is decoded into scratch. Returns -1 when scratch is
 * full. */
int person_find(
    const struct person_sources *sources, struct buf *scratch, struct person *ret_person);
/*
 * Accepts local@domain of 3 to 254 bytes: one @, a dot inside the domain, no doubled dots and none
 * at an end of either part, no apostrophe in the domain, no blanks, invisible characters or
 * ()<>[]:;\,".
 */
bool person_email_is_valid(struct slice email);

#endif
