/*
 * Recognizes the names by which an event can make Bento act on a subscriber, beyond storing a fact
 * about the subscriber. acts.c has the table. The setting reserved_types says which senders may use
 * these names; from browsers only its value pass allows some. Pure; any thread.
 */
#ifndef EVENT_BENTO_ACTS_H
#define EVENT_BENTO_ACTS_H

#include <stdbool.h>

#include "base/slice.h"

enum act_place {
	ACT_TYPE,  /* an event's type */
	ACT_FIELD, /* a member of a subscriber, or of an event's fields */
};

/*
 * Whether Bento acts on the (decoded) word in that place. Case, width, blanks, control and
 * invisible characters are ignored, because Bento does not document what it ignores.
 */
bool act_is(enum act_place place, struct slice word);
/* Whether Bento would take a field of this name for the subscriber's address. Traits never set such
 * a field. */
bool act_is_address(struct slice word);
/* Whether the field takes a list of tags ("a,b"). */
bool act_takes_tags(struct slice word);

#endif
