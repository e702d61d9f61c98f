/* The options of the mapping, as the settings of a site say. Pure. */
#ifndef CONFIG_MAPPING_H
#define CONFIG_MAPPING_H

#include "config/config.h"
#include "event/mapping/mapping.h"

/* The settings were checked when they were read: it cannot fail. */
void config_mapping(const struct config_site *s, struct mapping_options *ret);

#endif
