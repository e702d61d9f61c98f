/* The differences between two configurations, in words. Pure. */
#ifndef CONFIG_DIFFERENCES_H
#define CONFIG_DIFFERENCES_H

#include "base/err.h"
#include "config/config.h"

struct cJSON;

/*
 * An array of texts such as "site main: batch_events 100 -> 200"; of a secret only the name is
 * shown. NULL: no memory, or (ERR_STATE) a difference needs a restart, and e names it.
 */
struct cJSON *config_differences(const struct config *old, const struct config *new, struct err *e);

#endif
