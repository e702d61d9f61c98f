/*
 * Loads a configuration: defaults, the file, the environment, the files that hold secrets, and last
 * the checks of the whole (check.c). It stops at the first error, which names the file and line,
 * the environment variable, or the site and setting.
 */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/file.h"
#include "config/parse.h"
#include "config/secret.h"
#include "config/settings.h"
#include "config/warn.h"

#define ONLY_SITE "main"

/* ---- defaults ------------------------------------------------------------------------------- */

static void
clear_section(enum setting_section section, void *base)
{
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == section)
			setting_clear(s, base);
}

static void
free_config(struct shared *s)
{
	struct config *c = (struct config *)s;

	for (size_t i = 0; i < c->n_sites; i++) {
		clear_section(SECTION_SITE, &c->sites[i]);
		free(c->sites[i].name);
	}
	clear_section(SECTION_TOP, c);
	clear_section(SECTION_INGEST, &c->ingest);
	clear_section(SECTION_RETENTION, &c->retention);
	free(c->sites);
	free(c->file);
	free(c->warning);
	free(c);
}

const struct config_site *
config_find_site(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_sites; i++)
		if (strcmp(c->sites[i].name, name) == 0)
			return &c->sites[i];
	return NULL;
}

void
config_free(struct config *c)
{
	if (c != NULL)
		shared_release(&c->shared);
}

static int
set_defaults(struct config *c, struct err *e)
{
	c->file = strdup("");
	c->warning = strdup("");
	if (c->file == NULL || c->warning == NULL)
		return err_nomem(e);
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section != SECTION_SITE
		    && setting_default(s, setting_base(c, s->section), e) != 0)
			return -1;
	return 0;
}

struct config *
config_new(struct err *e)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		err_nomem(e);
		return NULL;
	}
	shared_init(&c->shared, free_config);
	if (set_defaults(c, e) == 0)
		return c;
	config_free(c);
	return NULL;
}

static int
replace(char **slot, const char *text, struct err *e)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return err_nomem(e);
	free(*slot);
	*slot = copy;
	return 0;
}

/* ---- the file ------------------------------------------------------------------------------- */

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *
config_choose_file(const struct config_request *r)
{
	if (r->file != NULL)
		return r->file;
	if (r->reading && r->database != NULL)
		return NULL;
	if (environment("BENTOSPOOL_CONFIG") != NULL)
		return environment("BENTOSPOOL_CONFIG");
	return access(CONFIG_DEFAULT_FILE, F_OK) == 0 ? CONFIG_DEFAULT_FILE : NULL;
}

static int
read_chosen_file(struct config *c, const struct config_request *r, struct err *e)
{
	const char *file = config_choose_file(r);

	if (file == NULL)
		return 0;
	if (config_read_file(c, file, r->reading, e) != 0) {
		if (r->reading && r->database == NULL && access(file, R_OK) != 0 && errno == EACCES)
			err_wrap(e,
			    "run this as root or as the daemon's user, or name the database with "
			    "--database");
		return -1;
	}
	return replace(&c->file, file, e);
}

/* ---- the environment ------------------------------------------------------------------------ */

static const struct {
	const char *variable;
	enum setting_section section;
	const char *name;
	const char *in_place_of; /* the setting that names a file with the same secret */
} variables[] = {
	{ "BENTOSPOOL_DATABASE", SECTION_TOP, "database", NULL },
	{ "BENTOSPOOL_LISTEN", SECTION_INGEST, "listen", NULL },
	{ "BENTOSPOOL_WRITE_KEYS", SECTION_SITE, "write_keys", "write_keys_file" },
	{ "BENTO_SITE_UUID", SECTION_SITE, "site_uuid", NULL },
	{ "BENTO_PUBLISHABLE_KEY", SECTION_SITE, "publishable_key", "publishable_key_file" },
	{ "BENTO_SECRET_KEY", SECTION_SITE, "secret_key", "secret_key_file" },
	{ "BENTO_API_URL", SECTION_SITE, "api_url", NULL },
};

static int
store_checked(const struct setting *s, void *base, const char *text, struct err *e)
{
	return setting_check(s, text, e) != 0 ? -1 : setting_store(s, base, text, e);
}

/* "a,b , c": white space around an item and empty items are ignored. */
static int
store_list(const struct setting *s, void *base, const char *text, struct err *e)
{
	char *copy = strdup(text), *rest = copy, *item;
	int rc = 0;

	if (copy == NULL)
		return err_nomem(e);
	while (rc == 0 && (item = strsep(&rest, ",")) != NULL) {
		item += strspn(item, " \t");
		item[strcspn(item, " \t")] = '\0';
		if (item[0] != '\0')
			rc = store_checked(s, base, item, e);
	}
	explicit_bzero(copy, strlen(text));
	free(copy);
	return rc;
}

static int
apply_variable(struct config *c, size_t which, const char *text, struct err *e)
{
	enum setting_section section = variables[which].section;
	const struct setting *s = setting_find(section, variables[which].name);
	struct config_site *site;
	void *base;

	if (section == SECTION_SITE && c->n_sites > 1)
		return err_set(e, ERR_INPUT,
		    "is set, but %s has %zu sites: unset it, and set %s in the file", c->file,
		    c->n_sites, variables[which].name);
	if (section == SECTION_SITE && c->n_sites == 0
	    && config_add_site(c, ONLY_SITE, &site, e) != 0)
		return -1;
	base = setting_base(c, section);
	setting_clear(s, base);
	if (variables[which].in_place_of != NULL
	    && setting_store(setting_find(section, variables[which].in_place_of), base, "", e) != 0)
		return -1;
	return s->type == SETTING_LIST ? store_list(s, base, text, e)
				       : store_checked(s, base, text, e);
}

static bool
is_known(const char *entry)
{
	/* The last three are what an alarm_command finds. */
	static const char *const more[] = {
		"BENTOSPOOL_CONFIG=", "BENTOSPOOL_EVENT=", "BENTOSPOOL_SITE=", "BENTOSPOOL_TEXT="
	};
	size_t n = strcspn(entry, "=");

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (strlen(variables[i].variable) == n
		    && strncmp(variables[i].variable, entry, n) == 0)
			return true;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (strncmp(entry, more[i], strlen(more[i])) == 0)
			return true;
	return false;
}

/* Warns of the first variable with our prefix that means nothing: its name may be misspelled. */
static int
warn_unknown(struct config *c, struct err *e)
{
	for (char **entry = environ; *entry != NULL; entry++)
		if ((strncmp(*entry, "BENTO_", 6) == 0 || strncmp(*entry, "BENTOSPOOL_", 11) == 0)
		    && !is_known(*entry))
			return config_warn(c, e,
			    "the environment variable %.*s means nothing to bentospool: check its "
			    "spelling, bentospool.conf(5) has the names",
			    (int)strcspn(*entry, "="), *entry);
	return 0;
}

static int
apply_environment(struct config *c, bool reading, struct err *e)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		const char *text = environment(variables[i].variable);

		if (reading && variables[i].section != SECTION_TOP)
			continue;
		if (text != NULL && apply_variable(c, i, text, e) != 0)
			return err_wrap(e, "%s", variables[i].variable);
	}
	return 0;
}

/* ---- secrets -------------------------------------------------------------------------------- */

static int
read_secret_file(char **value, const char *path, const char *name, struct err *e)
{
	char *secret;

	if (path[0] == '\0')
		return 0;
	if ((*value)[0] != '\0')
		return err_set(e, ERR_INPUT, "%s and %s_file are both set: keep one", name, name);
	if (secret_read(path, &secret, e) != 0)
		return err_wrap(e, "%s_file", name);
	if (setting_check(setting_find(SECTION_SITE, name), secret, e) != 0) {
		explicit_bzero(secret, strlen(secret));
		free(secret);
		return err_wrap(e, "%s_file %s", name, path);
	}
	free(*value);
	*value = secret;
	return 0;
}

static int
take_key_line(struct config_site *site, char *line, struct err *e)
{
	const struct setting *s = setting_find(SECTION_SITE, "write_keys");

	line += strspn(line, " \t\r");
	line[strcspn(line, " \t\r")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	return store_checked(s, site, line, e);
}

static int
read_write_keys(struct config_site *site, struct err *e)
{
	char *text, *rest, *line;
	size_t n, before = site->write_keys.n;
	int rc = 0;

	if (site->write_keys_file[0] == '\0')
		return 0;
	if (secret_read_private(site->write_keys_file, CONFIG_MAX_BYTES, &text, e) != 0)
		return err_wrap(e, "write_keys_file");
	n = strlen(text);
	rest = text;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		rc = take_key_line(site, line, e);
	explicit_bzero(text, n);
	free(text);
	/* Without any key the site would accept every key. */
	if (rc == 0 && site->write_keys.n == before)
		rc = err_set(e, ERR_INPUT, "%s holds no key", site->write_keys_file);
	return rc == 0 ? 0 : err_wrap(e, "write_keys_file");
}

static int
read_secrets(struct config *c, struct err *e)
{
	for (size_t i = 0; i < c->n_sites; i++) {
		struct config_site *s = &c->sites[i];

		if (read_secret_file(
			&s->publishable_key, s->publishable_key_file, "publishable_key", e)
			!= 0
		    || read_secret_file(&s->secret_key, s->secret_key_file, "secret_key", e) != 0
		    || read_secret_file(
			   &s->webhook_secret, s->webhook_secret_file, "webhook_secret", e)
			   != 0
		    || read_write_keys(s, e) != 0)
			return err_wrap(e, "site \"%s\"", s->name);
	}
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int
name_control(struct config *c, struct err *e)
{
	struct buf path;
	int rc;

	if (c->control[0] != '\0')
		return 0;
	buf_init(&path, 8192 + 8);
	buf_printf(&path, "%s.sock", c->database);
	rc = path.failed ? err_nomem(e) : replace(&c->control, path.p, e);
	buf_free(&path);
	return rc;
}

static int
warn_url(struct config *c, const struct config_site *site, struct err *e)
{
	const char *path = strstr(site->api_url, "://");

	path = path == NULL ? NULL : strchr(path + 3, '/');
	if (path != NULL && path[1] != '\0')
		return 0;
	return config_warn(
	    c, e, "site \"%s\": api_url has no path: Bento's ends in /api/v1", site->name);
}

static int
warn(struct config *c, struct err *e)
{
	if (warn_unknown(c, e) != 0)
		return -1;
	for (size_t i = 0; i < c->n_sites; i++)
		if (warn_url(c, &c->sites[i], e) != 0)
			return -1;
	return 0;
}

static int
fill(struct config *c, const struct config_request *r, struct err *e)
{
	if (read_chosen_file(c, r, e) != 0)
		return -1;
	if (apply_environment(c, r->reading, e) != 0)
		return err_wrap(e, "environment");
	/* The setting control belongs to the configured database, not to the one of --database. */
	if (r->database != NULL
	    && (replace(&c->database, r->database, e) != 0 || replace(&c->control, "", e) != 0))
		return -1;
	if (name_control(c, e) != 0)
		return -1;
	if (r->reading)
		return 0;
	if (read_secrets(c, e) != 0 || config_check(c, e) != 0 || warn(c, e) != 0)
		return -1;
	return r->starting ? 0 : config_check_archive(c, e);
}

int
config_load(const struct config_request *request, struct config **ret_config, struct err *e)
{
	struct config *c = config_new(e);

	if (c == NULL)
		return -1;
	if (fill(c, request, e) != 0) {
		config_free(c);
		return -1;
	}
	*ret_config = c;
	return 0;
}
