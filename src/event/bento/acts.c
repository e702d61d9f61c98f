/*
 * The table of names by which an event can make Bento act on a subscriber. A name is folded (case,
 * width, invisible characters) before the lookup; a name that is longer than every entry is not
 * looked up. Cannot fail.
 *
 * Two acts do not depend on a name; event/mapping/admit.c decides on them: an alias call changes
 * the address (change_email), and a rule turns an order into a purchase. Tags that a rule adds come
 * from the operator and are always allowed. A delete call erases a person from this database, not
 * at Bento (ingest/admission).
 */
#include "event/bento/acts.h"

#include <string.h>

#include "event/segment/invisible.h"

#define WORD_SIZE 32

static const struct {
	enum act_place place;
	const char *word; /* folded */
} acts[] = {
	{ ACT_TYPE, "$purchase" },  /* adds to the lifetime value */
	{ ACT_TYPE, "$subscribe" }, /* changes the subscription */
	{ ACT_TYPE, "$unsubscribe" },
	{ ACT_TYPE, "$tag" }, /* tags, which start automations */
	{ ACT_TYPE, "$remove_tag" },
	{ ACT_TYPE, "$update_fields" },
	{ ACT_FIELD, "tags" }, /* members of a subscriber (upsert) */
	{ ACT_FIELD, "remove_tags" },
	{ ACT_FIELD, "command" }, /* named in older documentation of Bento */
	{ ACT_FIELD, "commands" },
};

/* Whether a name in the table begins with this character. Most names do not, and need no further
 * check. */
static bool
begins_one(enum act_place place, char first)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (acts[i].place == place && acts[i].word[0] == first)
			return true;
	return false;
}

bool
act_is(enum act_place place, struct slice word)
{
	char text[WORD_SIZE], first = visible_first(word);

	if ((first != '\0' && !begins_one(place, first))
	    || !visible_fold(word, true, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (acts[i].place == place && strcmp(text, acts[i].word) == 0)
			return true;
	return false;
}

bool
act_is_address(struct slice word)
{
	char text[WORD_SIZE];

	return visible_fold(word, true, text, sizeof(text)) && strcmp(text, "email") == 0;
}

bool
act_takes_tags(struct slice word)
{
	return SLICE_IS(word, "tags") || SLICE_IS(word, "remove_tags");
}
