/* Previews what a Segment event becomes, without a daemon or database. Main thread. */
#ifndef CLI_RUN_CHECK_EVENT_H
#define CLI_RUN_CHECK_EVENT_H

#include "cli/options.h"
#include "config/config.h"

/*
 * Reads o->event, a body as a server posts it, and prints for each of its events the result and the
 * reason. Returns VERB_DONE when every event would be sent; otherwise, and on an error, VERB_ERROR.
 */
int check_event(const struct config *c, const struct options *o);

#endif
