/*
 * Reads the configuration file, parses it, and wipes its text. A file that holds a secret and that
 * others can read is used, with a warning. Fails when the file cannot be read or is too long, or
 * when the parser finds an error.
 */
#include "config/file.h"

#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "config/secret.h"
#include "config/warn.h"

static const char *
get_variable(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

static int
warn_exposed(struct config *c, const char *path, struct err *e)
{
	const char *held = NULL;

	for (size_t i = 0; i < c->n_sites && held == NULL; i++) {
		if (c->sites[i].secret_key[0] != '\0')
			held = "secret_key";
		else if (c->sites[i].webhook_secret[0] != '\0')
			held = "webhook_secret";
	}
	if (held == NULL || !secret_is_exposed(path))
		return 0;
	return config_warn(c, e,
	    "%s holds a %s and can be read by others: chmod 600 %s, or use %s_file", path, held,
	    path, held);
}

int
config_read_file(struct config *c, const char *path, bool reading, struct err *e)
{
	struct config_source source = {
		.file = path,
		.variable = get_variable,
		.reading = reading,
	};
	char *text;
	int rc;

	if (secret_read_text(path, CONFIG_MAX_BYTES, &text, e) != 0)
		return err_wrap(e, "configuration");
	source.text = text;
	rc = config_parse(c, &source, e);
	if (rc == 0)
		rc = warn_exposed(c, path, e);
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}
