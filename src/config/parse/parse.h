/*
 * Parses a configuration file into a struct config. bentospool.conf(5) describes the language.
 * Pure, except that it allocates memory; any thread.
 */
#ifndef CONFIG_PARSE_PARSE_H
#define CONFIG_PARSE_PARSE_H

#include "config/config.h"

struct config_source {
	const char *file; /* for messages */
	const char *text;
	/* Returns the value of an environment variable, or NULL. */
	const char *(*variable)(void *arg, const char *name);
	void *variable_arg;
	bool reading; /* as in struct config_request: within a site an unset variable counts as an
			 empty text */
	/*
	 * Finds the files that a pattern names in `from`, which is the path of a file, in the order
	 * in which they are read. NULL: no file can be included.
	 */
	int (*find)(void *arg, const char *from, const char *pattern, struct config_list *ret_paths,
	    struct err *e);
	/* Reads a file that find returned; the caller wipes and frees the text. */
	int (*read)(void *arg, const char *path, char **ret_text, struct err *e);
	void *files_arg;
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
