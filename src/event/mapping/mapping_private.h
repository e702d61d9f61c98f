/* Shared by mapping.c and mapping_rule.c. Private to them. */
#ifndef EVENT_MAPPING_MAPPING_PRIVATE_H
#define EVENT_MAPPING_MAPPING_PRIVATE_H

#include "event/mapping/integrations.h"
#include "event/mapping/mapping.h"
#include "event/mapping/purchase.h"

/* What the pass over the event found. */
struct found {
	struct slice properties; /* absent when there are none, or null; of identify and group the
				  * traits */
	struct integrations integrations;
	struct slice first_name; /* raw */
	struct slice last_name;
	const struct rule *rule;  /* of a track call; NULL: none */
	struct purchase purchase; /* when the rule makes one of it */
};

/* The event under a name; SLICE_NONE: its own, or what its kind's pattern makes of it. */
void mapping_append_event(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct slice name, struct buf *to);
void mapping_append_names(const struct found *found, struct buf *to);
void mapping_append_date(int64_t occurred_at, struct buf *to);

#define MAPPING_KEY_SUFFIX_MAX 16 /* bytes that are added to a messageId to make another key */

/*
 * mapping_rule.c: the key of an event that is sent beside the purchase made of it: never the
 * purchase's. scratch holds it when it is not the messageId; ret_replace: the event's own is the
 * purchase's, and must be replaced.
 */
struct slice mapping_key_beside_purchase(const struct mapping_input *in, const struct found *found,
    struct buf *scratch, bool *ret_replace);
/* mapping_rule.c: what a rule makes of the event; returns how many items. */
unsigned mapping_append_by_rule(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to);

#endif
