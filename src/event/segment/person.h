/*
 * Who an event is about: the e-mail address and the names. Pure; any thread.
 *
 * Looked up at the top level of the event first, then in context.traits (the event's own, then its
 * batch's), traits, properties, and last an e-mail-shaped userId: what describes the person goes
 * before what describes the event, so that an invitation sent by Ann to Bob is Ann's. The names
 * come from the place that gave the address (with userId, or without any address: from
 * context.traits, the event's own before its batch's). A place gives an
 * address when its `email` is a string of the shape local@domain; other values are passed over.
 */
#ifndef EVENT_SEGMENT_PERSON_H
#define EVENT_SEGMENT_PERSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "event/json/json.h"
#include "event/segment/key.h"

/* One place as the reader found it: raw values of the keys that matter; the last one counts. */
struct person_place {
	struct json_value email;
	struct json_value first_name; /* firstName, else first_name */
	struct json_value last_name;
	struct json_value first_name_snake;
	struct json_value last_name_snake;
	struct json_value name; /* of a screen in properties, of a group in traits */
};

enum person_where {
	PERSON_TOP,
	PERSON_CONTEXT_TRAITS,
	PERSON_BATCH_TRAITS,
	PERSON_TRAITS,
	PERSON_PROPERTIES,
	PERSON_PLACES,
	PERSON_USER_ID = PERSON_PLACES, /* what can give an address, in order of rank */
	PERSON_NOBODY
};

struct person_sources {
	struct person_place place[PERSON_PLACES];
	struct json_value user_id;
};

struct person {
	enum person_where where; /* what gave the address */
	bool is_invalid;         /* a place gave a text that is not an address */
	struct slice email;      /* decoded; absent when nobody could be named */
	struct slice first_name; /* raw JSON string, with quotes; absent when none */
	struct slice last_name;
};

/* Files one member of a place: keys that do not matter are ignored. */
void person_place_take(
    struct person_place *place, struct slice raw_key, const struct json_value *value);
/* The same for a key that was looked up already. */
void person_place_file(
    struct person_place *place, enum event_key key, const struct json_value *value);
/*
 * The address that a value means, cleaned (event/segment/address.h). 1: it is one; 0: it is not;
 * -1: scratch is full. What ret_email points to stays where it is while scratch's max holds.
 */
int person_read_address(
    const struct json_value *value, struct buf *scratch, struct slice *ret_email);
/* Room in scratch that is enough for person_find, whatever comes. */
#define PERSON_SCRATCH_MAX 2048
/* scratch takes an address that had escapes (json_string_decode); -1 when it is full. */
int person_find(
    const struct person_sources *sources, struct buf *scratch, struct person *ret_person);
/*
 * local@domain: one @, a dot inside the domain, no dots at an end of either or doubled, no blanks,
 * invisible characters or ()<>[]:;\,", 3 to 254 bytes.
 */
bool person_email_is_valid(struct slice email);

#endif
