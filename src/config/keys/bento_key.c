/*
 * Finds what goes wrong when people copy Bento's credentials: a placeholder that was left in,
 * quotes, a line break or the name copied along, and credentials that were swapped. Bento would
 * answer 401 to each of these, and the site would pause.
 */
#include "config/keys/bento_key.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define REMEDY "copy it from Bento: Settings, API Keys"

static int
check_bytes(const char *text, struct err *e)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text > 0x7f)
			return err_set(e, ERR_INPUT,
			    "holds a character beyond ASCII, such as a curly quote or a byte order "
			    "mark: " REMEDY);
		if (strchr("\"'`", *text) != NULL)
			return err_set(
			    e, ERR_INPUT, "holds a quotation mark, which is not part of the key");
		if (!isgraph((unsigned char)*text))
			return err_set(e, ERR_INPUT, "holds a blank or a line break: " REMEDY);
	}
	return 0;
}

static bool
is_placeholder(const char *text)
{
	static const char *const begin[] = { "your", "change", "replace", "placeholder", "todo",
		"xxx", "***", "..." };

	for (size_t i = 0; i < sizeof(begin) / sizeof(*begin); i++)
		if (strncasecmp(text, begin[i], strlen(begin[i])) == 0)
			return true;
	return strpbrk(text, "<>{}[]") != NULL;
}

/* The value of a line such as "secret_key=..." or "BENTO_SECRET_KEY: ..." of another file. */
static bool
has_name(const char *text)
{
	size_t n = strcspn(text, "=:");
	char name[32];

	if (text[n] == '\0' || n >= sizeof(name))
		return false;
	memcpy(name, text, n);
	name[n] = '\0';
	return strcasestr(name, "secret") != NULL || strcasestr(name, "publishable") != NULL
	       || strcasestr(name, "uuid") != NULL;
}

static int
check_placeholder(const char *text, struct err *e)
{
	if (has_name(text))
		return err_set(
		    e, ERR_INPUT, "holds the name of the key, too: leave only the value");
	if (is_placeholder(text))
		return err_set(e, ERR_INPUT, "is still a placeholder: " REMEDY);
	return 0;
}

static int
check(const char *text, const char *prefix, const char *other_name, struct err *e)
{
	if (check_placeholder(text, e) != 0 || check_bytes(text, e) != 0)
		return -1;
	if (strncmp(text, prefix, strlen(prefix)) == 0)
		return err_set(e, ERR_INPUT, "is the %s: swap the two", other_name);
	return 0;
}

int
bento_key_check_uuid(const char *text, struct err *e)
{
	return check(text, "pk_", "publishable_key", e) == 0 ? check(text, "sk_", "secret_key", e)
							     : -1;
}

int
bento_key_check_publishable(const char *text, struct err *e)
{
	return check(text, "sk_", "secret_key", e);
}

int
bento_key_check_secret(const char *text, struct err *e)
{
	return check(text, "pk_", "publishable_key", e);
}
