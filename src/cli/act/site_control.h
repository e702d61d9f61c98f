/* Shared by pause, resume and flush, and by top, which has keys for them. */
#ifndef CLI_ACT_SITE_CONTROL_H
#define CLI_ACT_SITE_CONTROL_H

#include "cli/verbs.h"
#include "outbox/operate/site_control.h"

/* Runs the verb for one site or all of them, and returns the exit code. */
int site_control(const struct options *o, enum site_control_verb verb);
/* Returns the result in words, such as "paused: events are kept, nothing is sent". daemon:
 * whether a daemon is running, which then obeys at once. */
const char *site_control_summary(const struct outbox_site_control *message, bool daemon);

#endif
