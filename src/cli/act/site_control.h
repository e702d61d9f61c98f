/* What pause, resume and flush share, and top, which offers them as keys. */
#ifndef CLI_ACT_SITE_CONTROL_H
#define CLI_ACT_SITE_CONTROL_H

#include "cli/verbs.h"
#include "outbox/operate/site_control.h"

/* Runs the verb for one site or all of them, and returns the exit code. */
int site_control(const struct options *o, enum site_control_verb verb);
/* What it came to, as "paused: events are kept, nothing is sent". daemon: one runs and obeys now.
 */
const char *site_control_summary(const struct outbox_site_control *message, bool daemon);

#endif
