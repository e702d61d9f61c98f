/*
 * Reads opt-outs. `integrations` is an object with a value for each name, or a list of the only
 * destinations that get the event. The site's own name has priority over `All`, and the
 * integrations of an event over those of its batch. Older SDKs put integrations into `context` and
 * `options`: an opt-out there counts, too, but an opt-in does not. Case is ignored. Cannot fail: a
 * value that makes no sense counts as an opt-out.
 */
#include "event/mapping/integrations.h"

#include <string.h>
#include <strings.h>

#include "event/json/json.h"
#include "event/segment/fields.h"

/* Bytes of a name that is decoded; a longer one is not the name of the site. */
#define NAME_MAX_SIZE 512
#define WORD_MAX_SIZE 64

enum word { WORD_NONE, WORD_YES, WORD_NO };

struct said {
	enum word ours;
	enum word all;
};

static bool
is_word(struct slice text, const char *word)
{
	return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

/* Whether the text is the site's name ("Bento"), or begins with it as in "Bento (Workspace)", which
 * a Segment function has. */
static bool
is_ours(struct slice text, const char *name)
{
	size_t n = strlen(name);

	return text.n >= n && strncasecmp(text.p, name, n) == 0
	       && (text.n == n
		   || (text.n > n + 2 && memcmp(text.p + n, " (", 2) == 0
		       && text.p[text.n - 1] == ')'));
}

static enum word
word_of_text(struct slice raw)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	enum word word = WORD_NO;
	struct buf scratch;
	struct slice text;

	buf_init(&scratch, WORD_MAX_SIZE);
	if (json_string_decode(raw, &scratch, &text) == 0)
		for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
			if (is_word(text, yes[i]))
				word = WORD_YES;
	buf_free(&scratch);
	return word;
}

/* Recognizes zero in any spelling of a number. */
static bool
is_zero(struct slice number)
{
	for (size_t i = 0; i < number.n && number.p[i] != 'e' && number.p[i] != 'E'; i++)
		if (number.p[i] >= '1' && number.p[i] <= '9')
			return false;
	return true;
}

static enum word
word_of(const struct json_value *value)
{
	switch (value->type) {
	case JSON_TRUE:
	case JSON_OBJECT:
		return WORD_YES;
	case JSON_NUMBER:
		return is_zero(value->raw) ? WORD_NO : WORD_YES;
	case JSON_STRING:
		return word_of_text(value->raw);
	case JSON_ARRAY:
		return json_is_empty(value) ? WORD_YES : WORD_NO;
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_NONE:
		break;
	}
	return WORD_NO;
}

static void
take_name(struct slice raw_name, const char *name, enum word word, struct said *said)
{
	struct buf scratch;
	struct slice text;

	buf_init(&scratch, NAME_MAX_SIZE);
	if (json_string_decode(raw_name, &scratch, &text) == 0) {
		if (is_word(text, "all"))
			said->all = word;
		else if (is_ours(text, name))
			said->ours = word;
	}
	buf_free(&scratch);
}

static void
read_object(struct slice object, const char *name, struct said *said)
{
	struct json_value value;
	struct slice key;
	struct json j;

	json_init(&j, object, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return;
	while (json_object_next(&j, &key) > 0 && json_skip(&j, &value) == 0)
		take_name(key, name, word_of(&value), said);
}

/* Reads a list of the only destinations that get the event. An empty list says nothing, because PHP
 * writes it for an empty object. */
static void
read_list(struct slice list, const char *name, struct said *said)
{
	struct json_value value;
	struct said listed = { WORD_NONE, WORD_NONE };
	bool any = false;
	struct json j;

	json_init(&j, list, JSON_MAX_DEPTH);
	if (json_array_begin(&j) != 0)
		return;
	while (json_array_next(&j) > 0 && json_skip(&j, &value) == 0) {
		any = true;
		if (value.type == JSON_STRING)
			take_name(value.raw, name, WORD_YES, &listed);
	}
	if (any)
		*said = (struct said){ listed.ours, listed.all == WORD_NONE ? WORD_NO : WORD_YES };
}

static void
read_said(struct slice raw, const char *name, struct said *said)
{
	if (raw.n == 0 || raw.p[0] == 'n' || raw.p[0] == 't')
		return;
	if (raw.p[0] == '{')
		read_object(raw, name, said);
	else if (raw.p[0] == '[')
		read_list(raw, name, said);
	else
		*said = (struct said){ WORD_NONE, WORD_NO };
}

static bool
is_no(const struct said *said)
{
	return (said->ours != WORD_NONE ? said->ours : said->all) == WORD_NO;
}

static bool
says_no(struct slice raw, const char *name)
{
	struct said said = { WORD_NONE, WORD_NONE };

	read_said(raw, name, &said);
	return is_no(&said);
}

static bool
is_object(struct slice raw)
{
	return raw.n > 0 && raw.p[0] == '{';
}

/*
 * Whether an object in one of the older places opts out, by `integrations`, `providers` or `all`.
 */
static bool
older_says_no(struct slice object, const char *name)
{
	struct json_value all;

	if (!is_object(object))
		return false;
	all = event_find_member(object, "all");
	return (all.type != JSON_NONE && word_of(&all) == WORD_NO)
	       || says_no(event_find_member(object, "integrations").raw, name)
	       || says_no(event_find_member(object, "providers").raw, name);
}

/* Whether `options` opts out. The names can also be members of `options` itself. */
static bool
options_say_no(struct slice options, const char *name)
{
	return is_object(options)
	       && (older_says_no(options, name) || says_no(options, name)
		   || older_says_no(event_find_member(options, "context").raw, name));
}

/* Whether a batch opts out in an older place. For such a batch segment_parse has made an object
 * that begins with one of these members. */
static bool
batch_says_no(struct slice batch, const char *name)
{
	static const struct slice first[] = { SLICE("{\"integrations\":"), SLICE("{\"options\":"),
		SLICE("{\"providers\":") };

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		if (batch.n > first[i].n && memcmp(batch.p, first[i].p, first[i].n) == 0)
			return older_says_no(batch, name)
			       || options_say_no(event_find_member(batch, "options").raw, name);
	return false;
}

static bool
body_says_no(struct slice body, const char *name)
{
	return older_says_no(event_find_member(body, "context").raw, name)
	       || options_say_no(event_find_member(body, "options").raw, name)
	       || says_no(event_find_member(body, "providers").raw, name);
}

bool
integrations_allow(const struct integrations *i, const char *name)
{
	struct said said = { WORD_NONE, WORD_NONE };

	read_said(i->batch, name, &said);
	read_said(i->own, name, &said);
	if (is_no(&said) || older_says_no(i->older_context, name) || batch_says_no(i->batch, name))
		return false;
	return i->older_body.n == 0 || !body_says_no(i->older_body, name);
}
