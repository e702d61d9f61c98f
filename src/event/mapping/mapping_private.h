/* Shared by mapping.c and mapping_rule.c, and private to them. */
#ifndef EVENT_MAPPING_MAPPING_PRIVATE_H
#define EVENT_MAPPING_MAPPING_PRIVATE_H

#include "event/json/json.h"
#include "event/mapping/integrations.h"
#include "event/mapping/mapping.h"
#include "event/mapping/purchase.h"

/* What was found in the event. */
struct found {
	/* for identify and group: the traits. Absent when missing or null */
	struct slice properties;
	struct json_value unique; /* the member `unique` of properties */
	struct integrations integrations;
	struct slice first_name; /* raw */
	struct slice last_name;
	const struct rule *rule;  /* for a track call; NULL: no rule */
	struct purchase purchase; /* set only when the rule makes a purchase */
};

/* Appends the event under `name`. With SLICE_NONE the event keeps its own name, or gets the name
 * that the pattern of its kind makes. */
void mapping_append_event(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct slice name, struct buf *to);
void mapping_append_names(const struct found *found, struct buf *to);
void mapping_append_date(int64_t occurred_at, struct buf *to);

#define MAPPING_KEY_SUFFIX_MAX 16 /* bytes added to a messageId to make another key */

/*
 * mapping_rule.c: returns the event's key, which is its messageId. A messageId that looks like the
 * key of a tag, or of an event beside its purchase, gets one more suffix (stored in scratch), so
 * that no two items share a key. SLICE_NONE: no key is sent.
 */
struct slice mapping_key(
    const struct mapping_options *o, const struct mapping_input *in, struct buf *scratch);
/*
 * mapping_rule.c: returns the key of an event that is sent beside the purchase made from it: `key`,
 * unless the purchase has the same one; scratch then holds the new key. *ret_replace is set when
 * the event's own key equals the purchase's and must be replaced.
 */
struct slice mapping_key_beside_purchase(const struct mapping_input *in, const struct found *found,
    struct slice key, struct buf *scratch, bool *ret_replace);
/* mapping_rule.c: appends what a rule makes of the event; returns the number of items. */
unsigned mapping_append_by_rule(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to);

#endif
