/*
 * The text of a configuration file into a struct config. The language is in bentospool.conf(5).
 * Pure, but for memory; any thread.
 */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config/config.h"

struct config_source {
	const char *file; /* for messages */
	const char *text;
	/* The value of an environment variable, or NULL. */
	const char *(*variable)(void *arg, const char *name);
	void *variable_arg;
	bool
	    reading; /* as in struct config_request: in a site an unset variable is an empty text */
};

/* A site with its defaults at the end of the array. */
int config_add_site(
    struct config *c, const char *name, struct config_site **ret_site, struct err *e);
/*
 * Stores what the text says over what is in c. ERR_INPUT: "FILE:LINE: ...", which never holds the
 * value of a secret setting, whatever quote or brace is missing before it.
 */
int config_parse(struct config *c, const struct config_source *source, struct err *e);

#endif
