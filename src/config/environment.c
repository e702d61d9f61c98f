/*
 * Overrides settings by environment variables. The names follow from the table of settings:
 * BENTO_ and the name in capitals for what Bento hands out, BENTOSPOOL_ and the name for the rest,
 * with the section before the name where it would not be clear without. Fails at the first value
 * that is not allowed.
 */
#include "config/environment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/similar.h"
#include "config/parse/parse.h"
#include "config/warn.h"

#define ONLY_SITE "main"
#define BENTO "BENTO_"
#define OWN "BENTOSPOOL_"

const char *
environment_get(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool
is_from_bento(const struct setting *s)
{
	static const char *const names[] = { "site_uuid", "publishable_key", "publishable_key_file",
		"secret_key", "secret_key_file", "api_url" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (s->section == SECTION_SITE && strcmp(s->name, names[i]) == 0)
			return true;
	return false;
}

/* Whether the name of the section belongs to the variable's. */
static bool
section_is_named(enum setting_section section)
{
	return section != SECTION_TOP && section != SECTION_INGEST && section != SECTION_SITE;
}

void
environment_name(const struct setting *s, char name[static ENVIRONMENT_NAME_SIZE])
{
	bool named = section_is_named(s->section);

	snprintf(name, ENVIRONMENT_NAME_SIZE, "%s%s%s%s", is_from_bento(s) ? BENTO : OWN,
	    named ? setting_section_name(s->section) : "", named ? "_" : "", s->name);
	for (char *p = name; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
}

/* ---- values --------------------------------------------------------------------------------- */

static int
store_checked(const struct setting *s, void *base, const char *text, struct err *e)
{
	return setting_check(s, text, e) != 0 ? -1 : setting_store(s, base, text, e);
}

/* Stores an item without the white space around it, unless nothing remains. */
static int
store_item(const struct setting *s, void *base, char *item, struct err *e)
{
	static const char blank[] = " \t\r";
	size_t n;

	item += strspn(item, blank);
	n = strlen(item);
	while (n > 0 && strchr(blank, item[n - 1]) != NULL)
		item[--n] = '\0';
	return n == 0 ? 0 : store_checked(s, base, item, e);
}

/* Stores the lines of a text that has line ends, or else what commas separate. */
static int
store_list(const struct setting *s, void *base, const char *text, struct err *e)
{
	char *copy = strdup(text), *rest = copy, *item;
	const char *separator = strchr(text, '\n') != NULL ? "\n" : ",";
	int rc = 0;

	if (copy == NULL)
		return err_nomem(e);
	setting_clear(s, base);
	while (rc == 0 && (item = strsep(&rest, separator)) != NULL)
		rc = store_item(s, base, item, e);
	explicit_bzero(copy, strlen(text));
	free(copy);
	return rc;
}

/* Returns secret_key_file for secret_key and the reverse, or NULL. */
static const struct setting *
find_partner(const struct setting *s)
{
	static const char suffix[] = "_file";
	size_t n = strlen(s->name), end = sizeof(suffix) - 1;
	char name[ENVIRONMENT_NAME_SIZE];

	if (n > end && strcmp(s->name + n - end, suffix) == 0)
		snprintf(name, sizeof(name), "%.*s", (int)(n - end), s->name);
	else
		snprintf(name, sizeof(name), "%s%s", s->name, suffix);
	return setting_find(s->section, name);
}

/* A variable with a secret takes the place of a file that holds it, and the reverse. */
static int
clear_partner(struct config *c, const struct setting *s, void *base, struct err *e)
{
	const struct setting *partner = find_partner(s);
	char name[ENVIRONMENT_NAME_SIZE];

	if (partner == NULL)
		return 0;
	environment_name(partner, name);
	if (environment_get(name) != NULL)
		return 0;
	*setting_place(c, 0, partner) = (struct config_place){ 0 };
	return setting_default(partner, base, e);
}

static int
apply_variable(struct config *c, const struct setting *s, const char *text, struct err *e)
{
	struct config_site *site;
	void *base;

	if (s->section == SECTION_SITE && c->n_sites > 1)
		return err_set(e, ERR_INPUT,
		    "is set, but %s has %zu sites: unset it, and set %s in the file", c->file,
		    c->n_sites, s->name);
	if (s->section == SECTION_SITE && c->n_sites == 0
	    && config_add_site(c, ONLY_SITE, &site, e) != 0)
		return -1;
	base = setting_base(c, s->section);
	if (clear_partner(c, s, base, e) != 0)
		return -1;
	*setting_place(c, 0, s) = (struct config_place){ .file = CONFIG_PLACE_ENVIRONMENT };
	return s->type == SETTING_LIST ? store_list(s, base, text, e)
				       : store_checked(s, base, text, e);
}

int
environment_apply(struct config *c, bool reading, struct err *e)
{
	char name[ENVIRONMENT_NAME_SIZE];
	const char *text;

	for (const struct setting *s = settings; s->name != NULL; s++) {
		environment_name(s, name);
		text = environment_get(name);
		if (text == NULL || (reading && s->section == SECTION_SITE))
			continue;
		if (apply_variable(c, s, text, e) != 0)
			return err_wrap(e, "%s", name);
	}
	return 0;
}

/* ---- misspelled names ----------------------------------------------------------------------- */

static const char *
skip_prefix(const char *name)
{
	size_t n = strncmp(name, OWN, strlen(OWN)) == 0 ? strlen(OWN) : strlen(BENTO);

	return name + n;
}

static bool
has_prefix(const char *name)
{
	return strncmp(name, BENTO, strlen(BENTO)) == 0 || strncmp(name, OWN, strlen(OWN)) == 0;
}

static bool
is_known(const char *wrong)
{
	/* The last three are what an alarm_command finds. */
	static const char *const others[] = { "BENTOSPOOL_CONFIG", "BENTOSPOOL_EVENT",
		"BENTOSPOOL_SITE", "BENTOSPOOL_TEXT" };
	char name[ENVIRONMENT_NAME_SIZE];

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(others[i], wrong) == 0)
			return true;
	for (const struct setting *s = settings; s->name != NULL; s++) {
		environment_name(s, name);
		if (strcmp(name, wrong) == 0)
			return true;
	}
	return false;
}

/* Finds the setting whose variable is most like the wrong one, or NULL. The prefixes, which are
 * easy to mix up, do not count. */
static const struct setting *
find_similar(const char *wrong)
{
	const struct setting *best = NULL;
	char name[ENVIRONMENT_NAME_SIZE];
	unsigned distance = SIMILAR_NONE;

	for (const struct setting *s = settings; s->name != NULL; s++) {
		environment_name(s, name);
		if (similar_is_nearer(skip_prefix(wrong), skip_prefix(name), &distance))
			best = s;
	}
	return best;
}

static int
warn_of(struct config *c, const char *wrong, struct err *e)
{
	const struct setting *similar = find_similar(wrong);
	char name[ENVIRONMENT_NAME_SIZE];

	if (similar == NULL)
		return config_warn(c, e,
		    "the environment variable %s means nothing to bentospool: unset it, or see "
		    "bentospool.conf(5) for the names",
		    wrong);
	environment_name(similar, name);
	return config_warn(c, e,
	    "the environment variable %s means nothing to bentospool: did you mean %s?", wrong,
	    name);
}

int
environment_warn(struct config *c, struct err *e)
{
	char name[ENVIRONMENT_NAME_SIZE];

	for (char **entry = environ; *entry != NULL; entry++) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*entry, "="), *entry);
		if (has_prefix(name) && !is_known(name))
			return warn_of(c, name, e);
	}
	return 0;
}
