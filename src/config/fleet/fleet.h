/* Checks of a fleet's settings: parts of config_check. `place` says where the settings are, for
 * messages. */
#ifndef CONFIG_FLEET_FLEET_H
#define CONFIG_FLEET_FLEET_H

#include "config/config.h"

/* A site that forwards to a central spooler: it needs a key, and nothing of Bento's. */
int fleet_check_upstream(const char *place, const struct config_site *site, struct err *e);
/* The boxes of site i: no name occurs twice in it, and no key twice in the configuration. */
int fleet_check_boxes(const char *place, const struct config *c, size_t i, struct err *e);

#define FLEET_PATTERNS_MAX 32  /* patterns in send_first */
#define FLEET_PATTERN_MAX 128  /* bytes of one */
#define FLEET_BUDGET_MIN 10000 /* bytes an hour: some requests with single events */

/* Checks of single settings: an item of send_first, and bytes_per_hour. */
int fleet_check_pattern(const char *text, struct err *e);
int fleet_check_budget(int64_t bytes, struct err *e);

#endif
