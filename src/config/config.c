/*
 * Loads a configuration: defaults, the file, the environment, the files that hold secrets, and last
 * the checks of the whole (check.c). It stops at the first error, which names the file and line,
 * the environment variable, or the site and setting.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/address.h"
#include "config/environment.h"
#include "config/file.h"
#include "config/keys/client_files.h"
#include "config/keys/secret.h"
#include "config/keys/tls_files.h"
#include "config/parse/parse.h"
#include "config/settings.h"
#include "config/warn.h"
#include "tls/context.h"

/* the write key of the example in README.md and the manual */
#define EXAMPLE_KEY "a word of your choice"

/* ---- defaults ------------------------------------------------------------------------------- */

static void
clear_section(enum setting_section section, void *base)
{
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == section)
			setting_clear(s, base);
}

static void
wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void
free_config(struct shared *s)
{
	struct config *c = (struct config *)s;

	for (size_t i = 0; i < c->n_sites; i++) {
		clear_section(SECTION_SITE, &c->sites[i]);
		tls_context_free(c->sites[i].client_tls);
		free(c->sites[i].name);
		free(c->sites[i].places);
	}
	clear_section(SECTION_TOP, c);
	clear_section(SECTION_INGEST, &c->ingest);
	clear_section(SECTION_ADMIN, &c->admin);
	clear_section(SECTION_RETENTION, &c->retention);
	wipe(c->admin.read_token);
	wipe(c->admin.act_token);
	config_list_clear(&c->files);
	free(c->places);
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
	c->places = calloc(setting_count(), sizeof(*c->places));
	c->admin.read_token = strdup("");
	c->admin.act_token = strdup("");
	if (c->file == NULL || c->warning == NULL || c->places == NULL
	    || c->admin.read_token == NULL || c->admin.act_token == NULL)
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

const char *
config_choose_file(const struct config_request *r)
{
	if (r->file != NULL)
		return r->file;
	if (r->reading && r->database != NULL)
		return NULL;
	if (environment_get("BENTOSPOOL_CONFIG") != NULL)
		return environment_get("BENTOSPOOL_CONFIG");
	/* A file that this user may not look for is one that cannot be read, not one that is
	 * missing. */
	if (access(CONFIG_DEFAULT_FILE, F_OK) == 0 || errno == EACCES)
		return CONFIG_DEFAULT_FILE;
	return NULL;
}

static int
read_chosen_file(struct config *c, const struct config_request *r, struct err *e)
{
	const char *file = config_choose_file(r);

	if (file == NULL)
		return 0;
	if (config_read_file(c, file, r->reading, e) != 0)
		return -1;
	return replace(&c->file, file, e);
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

/* A key may hold blanks; a # at the beginning or behind a blank begins a comment. */
static int
take_key_line(const struct setting *s, struct config_site *site, char *line, struct err *e)
{
	static const char blank[] = " \t\r";
	size_t n = 0;

	line += strspn(line, blank);
	for (size_t i = 0; line[i] != '\0'; i++) {
		if (line[i] == '#' && (i == 0 || strchr(blank, line[i - 1]) != NULL))
			break;
		if (strchr(blank, line[i]) == NULL)
			n = i + 1;
	}
	line[n] = '\0';
	if (n == 0)
		return 0;
	return setting_check(s, line, e) != 0 ? -1 : setting_store(s, site, line, e);
}

/* Adds the lines of a private file, if there is one, to the list setting `name`. */
static int
read_key_file(struct config_site *site, const char *path, const char *name, struct err *e)
{
	const struct setting *s = setting_find(SECTION_SITE, name);
	char *text, *rest, *line;
	size_t n;
	int rc = 0;

	if (path[0] == '\0')
		return 0;
	if (secret_read_private(path, CONFIG_MAX_BYTES, &text, e) != 0)
		return err_wrap(e, "%s_file", name);
	n = strlen(text);
	rest = text;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		rc = take_key_line(s, site, line, e);
	explicit_bzero(text, n);
	free(text);
	return rc == 0 ? 0 : err_wrap(e, "%s_file %s", name, path);
}

static int
read_write_keys(struct config_site *site, struct err *e)
{
	size_t before = site->write_keys.n;

	if (read_key_file(site, site->write_keys_file, "write_keys", e) != 0)
		return -1;
	/* Without any key the site would accept every key. */
	if (site->write_keys_file[0] != '\0' && site->write_keys.n == before)
		return err_set(
		    e, ERR_INPUT, "write_keys_file: %s holds no key", site->write_keys_file);
	return 0;
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
		    || read_secret_file(&s->upstream_key, s->upstream_key_file, "upstream_key", e)
			   != 0
		    || read_write_keys(s, e) != 0
		    || read_key_file(s, s->boxes_file, "boxes", e) != 0)
			return err_wrap(e, "%s: site \"%s\"", config_origin(c), s->name);
	}
	return 0;
}

/* A token is typed, pasted and sent in a header, so it has only bytes that survive all three. */
static int
check_token(const char *token, const char *path, struct err *e)
{
	size_t n = strlen(token);

	if (n < CONFIG_TOKEN_MIN || n > CONFIG_TOKEN_MAX)
		return err_set(e, ERR_INPUT,
		    "%s holds a token of %zu characters, which must have %d to %d: make one with "
		    "openssl rand -hex 32",
		    path, n, CONFIG_TOKEN_MIN, CONFIG_TOKEN_MAX);
	for (size_t i = 0; i < n; i++)
		if (!isgraph((unsigned char)token[i]))
			return err_set(e, ERR_INPUT,
			    "%s holds a blank, a control character or a character beyond ASCII: "
			    "make a "
			    "token with openssl rand -hex 32",
			    path);
	return 0;
}

static int
read_token(char **token, const char *path, const char *name, struct err *e)
{
	char *text;

	if (path[0] == '\0')
		return 0;
	if (secret_read(path, &text, e) != 0) {
		if (access(path, F_OK) != 0 && errno == ENOENT && !secret_is_credential(path))
			err_set(e, ERR_NOTFOUND,
			    "there is no file %s: write a token, such as openssl rand -hex 32 "
			    "makes, into it, with mode 0600, owned by the daemon's user",
			    path);
		return err_wrap(e, "%s", name);
	}
	if (check_token(text, path, e) != 0) {
		wipe(text);
		return err_wrap(e, "%s", name);
	}
	wipe(*token);
	*token = text;
	return 0;
}

/* With one token for both, a person who may only read could also act. */
static int
read_tokens(struct config *c, struct err *e)
{
	struct config_admin *a = &c->admin;
	int rc = 0;

	if (read_token(&a->read_token, a->read_token_file, "read_token_file", e) != 0
	    || read_token(&a->act_token, a->act_token_file, "act_token_file", e) != 0)
		rc = -1;
	else if (a->read_token[0] != '\0' && strcmp(a->read_token, a->act_token) == 0)
		rc = err_set(e, ERR_INPUT,
		    "read_token_file and act_token_file hold the same token: put another one into "
		    "%s",
		    a->act_token_file);
	return rc == 0 ? 0 : err_wrap(e, "%s: admin", config_origin(c));
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

/* Warns of write keys that everybody can read in the documents, where strangers can use them. */
static int
warn_write_keys(struct config *c, struct err *e)
{
	for (size_t i = 0; i < c->ingest.listen.n; i++) {
		if (address_is_local(c->ingest.listen.item[i]))
			continue;
		for (size_t site = 0; site < c->n_sites; site++)
			if (config_has_write_key(&c->sites[site], EXAMPLE_KEY))
				return config_warn(c, e,
				    "site \"%s\": the write key is that of the documents, and "
				    "other "
				    "machines can reach %s: choose another",
				    c->sites[site].name, c->ingest.listen.item[i]);
	}
	return 0;
}

/* Checks the whole. What is missing may stand in a variable with a misspelled name, so the error
 * has that warning, too. */
static int
check_all(struct config *c, struct err *e)
{
	struct err why;

	if (config_check(c, &why) == 0)
		return environment_warn(c, e);
	if (replace(&c->warning, "", e) != 0 || environment_warn(c, e) != 0)
		return -1;
	return err_set(
	    e, why.code, "%s%s%s", why.text, c->warning[0] == '\0' ? "" : "; ", c->warning);
}

static int
fill(struct config *c, const struct config_request *r, struct err *e)
{
	if (read_chosen_file(c, r, e) != 0)
		return -1;
	if (environment_apply(c, r->reading, e) != 0)
		return err_wrap(e, "environment");
	/* The setting control belongs to the configured database, not to the one of --database. */
	if (r->database != NULL
	    && (replace(&c->database, r->database, e) != 0 || replace(&c->control, "", e) != 0))
		return -1;
	if (name_control(c, e) != 0)
		return -1;
	if (r->reading)
		return 0;
	if (read_secrets(c, e) != 0 || read_tokens(c, e) != 0 || check_all(c, e) != 0
	    || warn_write_keys(c, e) != 0 || tls_files_try(c, e) != 0
	    || client_files_read(c, e) != 0)
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
