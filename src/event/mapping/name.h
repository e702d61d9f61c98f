/* Makes the names under which page, screen and group calls are forwarded, from the patterns of the
 * site. Pure; any thread. */
#ifndef EVENT_MAPPING_NAME_H
#define EVENT_MAPPING_NAME_H

#include "event/mapping/mapping.h"

/* Returns the pattern of the kind; NULL when it has none, and its events keep their names. */
const char *name_pattern(const struct mapping_options *o, enum event_kind kind);
/* Returns why the event has no name, as a static word; NULL when it has one or needs none. */
const char *name_fault(const struct mapping_options *o, const struct mapping_input *in);
/* Appends the name that the pattern makes. */
void name_compose(const struct mapping_options *o, const struct mapping_input *in, struct buf *to);

#endif
