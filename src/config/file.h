/* The configuration file. Main thread: it reads the environment. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config/config.h"

/* Stores the settings of the file in c, over the present ones. `reading` as in struct
 * config_request. */
int config_read_file(struct config *c, const char *path, bool reading, struct err *e);

#endif
