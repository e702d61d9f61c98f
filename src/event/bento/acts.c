/*
 * The roads by which an event can make Bento act on a subscriber. A name is folded before it is
 * looked up; a name too long to be one of the table is not looked up at all.
 *
 * The others are not names, and are decided where they are read (event/mapping/admit.c): an alias
 * call changes the address (change_email), a rule makes a purchase of an order. Tags that a rule
 * adds are the operator's own words. A delete call erases a person here, not at Bento
 * (ingest/admission).
 */
#include "event/bento/acts.h"

#include <string.h>

#include "base/utf8.h"
#include "event/segment/invisible.h"

#define WORD_SIZE 32

static const struct {
	enum act_place place;
	const char *word; /* folded */
} acts[] = {
	{ ACT_TYPE, "$purchase" },  /* lifetime value */
	{ ACT_TYPE, "$subscribe" }, /* subscription */
	{ ACT_TYPE, "$unsubscribe" },
	{ ACT_TYPE, "$tag" }, /* tags, which start automations */
	{ ACT_TYPE, "$remove_tag" },
	{ ACT_TYPE, "$update_fields" },
	{ ACT_FIELD, "tags" }, /* of an upsert */
	{ ACT_FIELD, "remove_tags" },
	{ ACT_FIELD, "command" }, /* of older documentation */
	{ ACT_FIELD, "commands" },
};

/* Full-width ASCII and the small dollar sign are taken for what they look like. */
static unsigned
fold(unsigned code)
{
	if (code >= 0xff01 && code <= 0xff5e)
		code -= 0xff01 - '!';
	if (code == 0xfe69)
		code = '$';
	return code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
}

/* False when it cannot be a word of the table. */
static bool
fold_word(struct slice word, char to[WORD_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < word.n;) {
		unsigned length = utf8_length(word.p + i, word.n - i);
		unsigned code = length == 0 ? 0 : utf8_code(word.p + i, length);

		i += length == 0 ? 1 : length;
		if (code == ' ' || code == 0xfffd || code_is_invisible(code))
			continue;
		code = fold(code);
		if (code >= 0x80 || n + 1 == WORD_SIZE)
			return false;
		to[n++] = (char)code;
	}
	to[n] = '\0';
	return true;
}

bool
act_is(enum act_place place, struct slice word)
{
	char text[WORD_SIZE];

	if (!fold_word(word, text))
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

	return fold_word(word, text) && strcmp(text, "email") == 0;
}

bool
act_takes_tags(struct slice word)
{
	return SLICE_IS(word, "tags") || SLICE_IS(word, "remove_tags");
}
