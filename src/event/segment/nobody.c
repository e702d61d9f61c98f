/*
 * The list of ids that are nobody's, from what PostHog, Segment, RudderStack and Mixpanel refuse to
 * merge by, and constants of broken SDKs. Looking one up never fails.
 */
#include "event/segment/nobody.h"

#include <string.h>

#include "base/utf8.h"
#include "event/segment/invisible.h"

#define ID_SIZE 48 /* of the longest in the list, with its end */

/* Folded: lower case, without blanks. */
static const char *const nobodies[] = {
	"-1",
	"(null)",
	"<nil>",
	"9774d56d682e549c", /* Android's ANDROID_ID on a range of devices */
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
	"lmy47d", /* Android's build number in its place */
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

/* Lower case without blanks and invisible characters. False: too long to be in the list. */
static bool
fold(struct slice id, char to[ID_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < id.n;) {
		unsigned length = utf8_length(id.p + i, id.n - i);
		unsigned code = length == 0 ? 0 : utf8_code(id.p + i, length);

		i += length == 0 ? 1 : length;
		if (code == ' ' || code == 0xfffd || code_is_invisible(code))
			continue;
		if (code >= 0x80 || n + 1 == ID_SIZE)
			return false;
		to[n++] = (char)(code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code);
	}
	to[n] = '\0';
	return true;
}

static bool
is_zeros_and_dashes(struct slice id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] != '0' && id.p[i] != '-' && id.p[i] != ' ')
			return false;
	return true;
}

bool
id_is_nobody(struct slice id)
{
	char text[ID_SIZE], *word = text;
	size_t n;

	if (is_zeros_and_dashes(id))
		return true;
	if (!fold(id, text))
		return false;
	n = strlen(text);
	if (n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n - 1] == text[0]) {
		text[n - 1] = '\0';
		word++;
	}
	if (word[strspn(word, "0-")] == '\0')
		return true;
	for (size_t i = 0; i < sizeof(nobodies) / sizeof(*nobodies); i++)
		if (strcmp(word, nobodies[i]) == 0)
			return true;
	return false;
}
