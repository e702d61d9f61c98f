/*
 * Reads the configuration file and those that it includes, parses them, and wipes their text. A
 * file that holds a secret and that others can read is used, with a warning. Fails when a file
 * cannot be read or is too long, or when the parser finds an error.
 */
#include "config/file.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys/secret.h"
#include "config/parse/parse.h"
#include "config/settings.h"
#include "config/warn.h"

#define PATTERN_MAX 8192

static const char *
get_variable(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "CREDENTIALS_DIRECTORY") == 0 ? secret_credentials_directory()
							  : getenv(name);
}

/* ---- included files ------------------------------------------------------------------------- */

/* Writes the pattern as one for glob: relative to the directory of the file that has it, in
 * whose name no byte is a wildcard. */
static int
complete(const char *from, const char *pattern, struct buf *to, struct err *e)
{
	const char *slash = strrchr(from, '/');

	if (pattern[0] != '/' && slash != NULL)
		for (const char *p = from; p <= slash; p++) {
			if (strchr("*?[\\", *p) != NULL)
				buf_append_byte(to, '\\');
			buf_append_byte(to, *p);
		}
	buf_append(to, pattern, strlen(pattern));
	if (!to->failed)
		return 0;
	return to->n + strlen(pattern) < PATTERN_MAX
		   ? err_nomem(e)
		   : err_set(e, ERR_INPUT, "the path is longer than %d bytes", PATTERN_MAX);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts by bytes: the order in which files are read does not depend on the language. */
static int
keep_sorted(glob_t *found, struct config_list *ret_paths, struct err *e)
{
	int rc = 0;

	qsort(found->gl_pathv, found->gl_pathc, sizeof(*found->gl_pathv), compare);
	for (size_t i = 0; rc == 0 && i < found->gl_pathc; i++)
		rc = config_list_add(ret_paths, found->gl_pathv[i], e);
	return rc;
}

/* A pattern may match nothing, also for lack of its directory; a path without wildcards must be
 * there. */
static int
match(const char *pattern, const char *given, struct config_list *ret_paths, struct err *e)
{
	glob_t found;
	int rc = glob(pattern, GLOB_ERR | GLOB_NOSORT, NULL, &found);
	int cause = errno;

	if (rc == 0) {
		rc = keep_sorted(&found, ret_paths, e);
		globfree(&found);
		return rc;
	}
	if (rc == GLOB_NOSPACE)
		return err_nomem(e);
	errno = cause;
	if (rc == GLOB_ABORTED && cause != ENOENT)
		return err_sys(e, "cannot look for %s", pattern);
	if (strpbrk(given, "*?[") != NULL)
		return 0;
	return err_set(e, ERR_INPUT, "there is no file %s", pattern);
}

static int
find_files(
    void *arg, const char *from, const char *pattern, struct config_list *ret_paths, struct err *e)
{
	struct buf whole;
	int rc;

	(void)arg;
	buf_init(&whole, PATTERN_MAX);
	rc = complete(from, pattern, &whole, e);
	if (rc == 0)
		rc = match(buf_slice(&whole).p, pattern, ret_paths, e);
	buf_free(&whole);
	return rc;
}

static int
read_included(void *arg, const char *path, char **ret_text, struct err *e)
{
	(void)arg;
	return secret_read_text(path, CONFIG_MAX_BYTES, ret_text, e);
}

/* ---- secrets that others can read ------------------------------------------------------------ */

/* Returns a secret that is in the file itself, or NULL. */
static const char *
secret_in(const struct config *c, int file)
{
	static const char *const names[] = { "secret_key", "webhook_secret", "upstream_key",
		"boxes" };

	for (size_t i = 0; i < c->n_sites; i++) {
		const struct config_site *s = &c->sites[i];
		const bool given[] = { s->secret_key[0] != '\0', s->webhook_secret[0] != '\0',
			s->upstream_key[0] != '\0', s->boxes.n > 0 };

		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (given[k]
			    && setting_place(c, i, setting_find(SECTION_SITE, names[k]))->file
				   == file)
				return names[k];
	}
	return NULL;
}

static int
warn_exposed(struct config *c, struct err *e)
{
	for (size_t i = 0; i < c->files.n; i++) {
		const char *path = c->files.item[i], *held = secret_in(c, (int)i + 1);

		if (held == NULL || !secret_is_exposed(path))
			continue;
		return config_warn(c, e,
		    "%s holds %s and can be read by others: chmod 600 %s, or use %s_file", path,
		    held, path, held);
	}
	return 0;
}

int
config_read_file(struct config *c, const char *path, bool reading, struct err *e)
{
	struct config_source source = {
		.file = path,
		.variable = get_variable,
		.reading = reading,
		.find = find_files,
		.read = read_included,
	};
	char *text;
	int rc;

	if (secret_read_text(path, CONFIG_MAX_BYTES, &text, e) != 0)
		return err_wrap(e, "configuration");
	source.text = text;
	rc = config_parse(c, &source, e);
	if (rc == 0)
		rc = warn_exposed(c, e);
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}
