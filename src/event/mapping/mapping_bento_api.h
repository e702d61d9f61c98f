/* Implements mapping_append and mapping_has_key for events and subscribers in Bento's own format.
 * Pure. */
#ifndef EVENT_MAPPING_MAPPING_BENTO_API_H
#define EVENT_MAPPING_MAPPING_BENTO_API_H

#include "event/mapping/mapping.h"

int mapping_bento_api_append(const struct mapping_options *o, const struct mapping_input *in,
    struct buf *to, struct mapped *ret_mapped, const char **ret_reason);
bool mapping_bento_api_has_key(const struct mapping_options *o, const struct mapping_input *in);

#endif
