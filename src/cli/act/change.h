/* What requeue, hold, release, discard and expire share: they change the events that match. */
#ifndef CLI_ACT_CHANGE_H
#define CLI_ACT_CHANGE_H

#include "cli/verbs.h"
#include "outbox/operate/operate.h"

/*
 * Runs the verb on the events that the filter selects, and returns the exit code. Without a filter
 * nothing is changed: --all says that every event is meant.
 */
int change_events(const struct options *o, enum operate_verb verb);

#endif
