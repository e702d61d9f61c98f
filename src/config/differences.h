/* The differences between two configurations, in words. Pure. */
#ifndef CONFIG_DIFFERENCES_H
#define CONFIG_DIFFERENCES_H

#include "base/err.h"
#include "config/config.h"

struct cJSON;

/*
 * Returns an array of texts such as "site main: batch_events 100 -> 200"; a secret appears by its
 * name only. Returns NULL without memory, or (ERR_STATE) when a difference needs a restart; e names
 * it.
 */
struct cJSON *config_differences(const struct config *old, const struct config *new, struct err *e);

#endif
