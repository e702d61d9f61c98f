/* Recognizes ids that stand for nobody: those for which PostHog, Segment, RudderStack and Mixpanel
 * refuse to merge people, and constants of broken SDKs. A lookup cannot fail. */
#include "event/segment/nobody.h"

#include <string.h>

#include "base/buf.h"
#include "event/segment/invisible.h"

#define ID_SIZE 48 /* bytes of the longest id in the list, NUL included */

#define FIRSTS "09adefgilntu" /* first characters of the ids in the list, and of an id of zeros */

/* Folded: lower case, without blanks. */
static const char *const nobodies[] = {
	"(null)",
	"-1",
	"9774d56d682e549c", /* Android's ANDROID_ID on a range of devices */
	"<nil>",
	"[]",
	"[objectobject]",
	"anon",
	"anonymous",
	"anonymous_id",
	"anonymousid",
	"distinct_id",
	"distinctid",
	"email",
	"false",
	"ffffffff-ffff-ffff-ffff-ffffffffffff",
	"guest",
	"id",
	"lmy47d", /* Android's build number, sent instead of an id */
	"n/a",
	"na",
	"nan",
	"nil",
	"none",
	"not_authenticated",
	"null",
	"true",
	"undefined",
	"unknown",
	"user_id",
	"userid",
	"{}",
};

static bool
is_zeros_and_dashes(struct slice id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] != '0' && id.p[i] != '-' && id.p[i] != ' ')
			return false;
	return true;
}

static bool
is_listed(const char *word)
{
	for (size_t i = 0; i < sizeof(nobodies) / sizeof(*nobodies); i++)
		if (nobodies[i][0] == word[0] && strcmp(word, nobodies[i]) == 0)
			return true;
	return false;
}

/* Whether the id shows, before any character that folding removes, that it is not the word. */
static bool
differs(struct slice id, const char *word)
{
	size_t i = 0;

	for (; i < id.n && id.p[i] > ' ' && id.p[i] <= '~'; i++)
		if (visible_lower(id.p[i]) != word[i])
			return true;
	return i == id.n && word[i] != '\0';
}

/* The same for an id of zeros and dashes. */
static bool
differs_from_zeros(struct slice id)
{
	for (size_t i = 0; i < id.n && id.p[i] > ' ' && id.p[i] <= '~'; i++)
		if (id.p[i] != '0' && id.p[i] != '-')
			return true;
	return false;
}

/* Whether the id begins with a letter or digit, and differs early from each id in the list and from
 * zeros. Most ids do, and need no further check. */
static bool
is_plainly_other(struct slice id)
{
	char first = visible_first(id);

	if (first == '\0')
		return false;
	if (strchr(FIRSTS, first) == NULL)
		return true;
	for (size_t i = 0; i < sizeof(nobodies) / sizeof(*nobodies); i++)
		if (nobodies[i][0] == first && !differs(id, nobodies[i]))
			return false;
	return first != '0' || differs_from_zeros(id);
}

bool
id_is_nobody(struct slice id)
{
	char text[ID_SIZE], *word = text;
	size_t n;

	if (is_plainly_other(id))
		return false;
	if (is_zeros_and_dashes(id))
		return true;
	if (!visible_fold(id, false, text, sizeof(text)))
		return false;
	n = strlen(text);
	if (n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n - 1] == text[0]) {
		text[n - 1] = '\0';
		word++;
	}
	return word[strspn(word, "0-")] == '\0' || is_listed(word);
}

bool
value_is_key(const struct json_value *value)
{
	struct slice text = value->raw;
	struct buf scratch;
	bool is_key;

	if (value->type != JSON_STRING && value->type != JSON_NUMBER)
		return false;
	buf_init(&scratch, value->raw.n);
	is_key =
	    (value->type == JSON_NUMBER || json_string_decode(value->raw, &scratch, &text) == 0)
	    && !id_is_nobody(text);
	buf_free(&scratch);
	return is_key;
}
