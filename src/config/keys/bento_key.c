/*
 * Finds what goes wrong when people copy Bento's credentials: a placeholder that was left in,
 * quotes, a line break or the name copied along, and one credential in the place of another. Bento
 * would answer 401 to each of these, and the site would pause.
 */
#include "config/keys/bento_key.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define REMEDY "copy it from " BENTO_KEY_PLACE

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
check(const char *text, struct err *e)
{
	return check_placeholder(text, e) == 0 ? check_bytes(text, e) : -1;
}

/* Fails when the text begins as another of the three does. */
static int
check_prefix(
    const char *text, const char *prefix, const char *other, const char *name, struct err *e)
{
	if (strncmp(text, prefix, strlen(prefix)) != 0)
		return 0;
	return err_set(e, ERR_INPUT,
	    "begins with %s, as a %s key does: copy the %s from " BENTO_KEY_PLACE, prefix, other,
	    name);
}

int
bento_key_check_uuid(const char *text, struct err *e)
{
	if (check(text, e) != 0 || check_prefix(text, "pk_", "publishable", "site UUID", e) != 0)
		return -1;
	return check_prefix(text, "sk_", "secret", "site UUID", e);
}

int
bento_key_check_publishable(const char *text, struct err *e)
{
	return check(text, e) == 0 ? check_prefix(text, "sk_", "secret", "publishable key", e) : -1;
}

int
bento_key_check_secret(const char *text, struct err *e)
{
	return check(text, e) == 0 ? check_prefix(text, "pk_", "publishable", "secret key", e) : -1;
}
