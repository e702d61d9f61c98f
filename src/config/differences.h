/* What is different between two configurations, in words. Pure. */
#ifndef CONFIG_DIFFERENCES_H
#define CONFIG_DIFFERENCES_H

#include "base/err.h"
#include "config/config.h"

struct cJSON;

/*
 * An array of texts such as "site main: batch_events 100 -> 200"; secrets are named, not shown.
 * NULL: no memory, or (ERR_STATE) something in it asks for a restart, and e says what.
 */
struct cJSON *changes_list(const struct config *old, const struct config *new, struct err *e);

#endif
