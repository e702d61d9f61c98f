/* The environment variables that override the configuration file: one for each setting. */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include "config/config.h"
#include "config/settings.h"

/* bytes of the longest name of a variable, with its end */
#define ENVIRONMENT_NAME_SIZE 64

/* Writes the name of the variable that overrides the setting. */
void environment_name(const struct setting *s, char name[static ENVIRONMENT_NAME_SIZE]);
/* Returns the variable's value, or NULL when it is not set or empty. */
const char *environment_get(const char *name);
/*
 * Applies all variables, or all but those of sites when the caller only reads the outbox. The error
 * names the variable. The site "main" is added when there is none and a variable sets one up.
 */
int environment_apply(struct config *c, bool reading, struct err *e);
/* Warns of the first variable that looks like one of these and is none of them. */
int environment_warn(struct config *c, struct err *e);

#endif
