/* The configuration file into a struct config, through libConfuse. Main thread: libConfuse's
 * lexer and our way to its errors are global. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config/config.h"

/* A site with its defaults at the end of the array. */
int config_add_site(
    struct config *c, const char *name, struct config_site **ret_site, struct err *e);
/* Reads path over what is in c. */
int config_read_file(struct config *c, const char *path, struct err *e);

#endif
