/* Checks of a fleet's settings: parts of config_check. `place` says where the settings are, for
 * messages. */
#ifndef CONFIG_FLEET_FLEET_H
#define CONFIG_FLEET_FLEET_H

#include "config/config.h"

/* A site that forwards to a central spooler: it needs a key, and nothing of Bento's. */
int fleet_check_upstream(const char *place, const struct config_site *site, struct err *e);
/* The boxes of site i: no name occurs twice in it, and no key twice in the configuration. */
int fleet_check_boxes(const char *place, const struct config *c, size_t i, struct err *e);

#endif
