/*
 * Parses a configuration file into a struct config. bentospool.conf(5) describes the language.
 * Pure, except that it allocates memory; any thread.
 */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config/config.h"

struct config_source {
	const char *file; /* for messages */
	const char *text;
	/* Returns the value of an environment variable, or NULL. */
	const char *(*variable)(void *arg, const char *name);
	void *variable_arg;
	bool reading; /* as in struct config_request: within a site an unset variable counts as an
			 empty text */
};

/* Appends a site with its defaults to the array. */
int config_add_site(
    struct config *c, const char *name, struct config_site **ret_site, struct err *e);
/*
 * Stores the settings of the text in c, over the present ones. ERR_INPUT: "FILE:LINE: ...", which
 * never shows the value of a secret setting, even when a quote or brace is missing before it.
 */
int config_parse(struct config *c, const struct config_source *source, struct err *e);

#endif
