/* What a Segment event would become, without a daemon and without a database. Main thread. */
#ifndef CLI_RUN_CHECK_EVENT_H
#define CLI_RUN_CHECK_EVENT_H

#include "cli/options.h"
#include "config/config.h"

/*
 * Reads o->event, a body as clients post it, and prints for each of its events what a server's
 * would become and why. An exit code: VERB_DONE when each would be sent, VERB_ERROR when one would
 * not or something is wrong.
 */
int check_event(const struct config *c, const struct options *o);

#endif
