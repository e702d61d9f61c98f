/*
 * Every way in which an event can make Bento act on a subscriber, beyond storing a fact about one.
 * They are in one table (acts.c). The setting reserved_types says who may use them; browsers hardly
 * ever may. Pure; any thread.
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
 * Whether Bento acts on the word in that place. Decoded; compared as people read it: blanks,
 * control and invisible characters count for nothing, neither do case and width, because nobody
 * documents what Bento folds.
 */
bool act_is(enum act_place place, struct slice word);
/* Whether a field would be read as the subscriber's address: it never comes from traits. */
bool act_is_address(struct slice word);
/* Of the acts by a field: does it take a list of tags ("a,b")? */
bool act_takes_tags(struct slice word);

#endif
