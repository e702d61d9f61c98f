/*
 * The names under which kinds other than track are forwarded, from the site's patterns. Pure; any
 * thread.
 */
#ifndef EVENT_MAPPING_NAME_H
#define EVENT_MAPPING_NAME_H

#include "event/mapping/mapping.h"

/* NULL: the kind has no pattern and goes by its own name. */
const char *name_pattern(const struct mapping_options *o, enum event_kind kind);
/* Why the event has no name: a static word; NULL: it has one, or needs none. */
const char *name_fault(const struct mapping_options *o, const struct mapping_input *in);
/* Appends what the pattern makes of the event's name. */
void name_compose(const struct mapping_options *o, const struct mapping_input *in, struct buf *to);

#endif
