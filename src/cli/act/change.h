/* The common part of requeue, hold, release, discard and expire: they change the events that
 * match. */
#ifndef CLI_ACT_CHANGE_H
#define CLI_ACT_CHANGE_H

#include "cli/verbs.h"
#include "outbox/operate/operate.h"

/*
 * Runs the verb on the events that the filter selects. Returns the exit code. Without a filter
 * nothing changes; --all selects every event.
 */
int change_events(const struct options *o, enum operate_verb verb);

#endif
