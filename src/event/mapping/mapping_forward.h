/*
 * Implements mapping_append for a site that forwards the calls themselves to a central spooler
 * (doc/fleet.md). Pure.
 */
#ifndef EVENT_MAPPING_MAPPING_FORWARD_H
#define EVENT_MAPPING_MAPPING_FORWARD_H

#include "event/mapping/mapping.h"

int mapping_forward_append(const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason);

#endif
