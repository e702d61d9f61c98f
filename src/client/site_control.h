/* What pause, resume and flush do, for every verb that offers them. Main thread. */
#ifndef CLIENT_SITE_CONTROL_H
#define CLIENT_SITE_CONTROL_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"
#include "outbox/operate/site_control.h"

/*
 * Through the daemon, or without one as the writer; verb, site and note are set, the results are
 * filled in. ret_daemon: whether one runs, and acts on it now. ERR_NOTFOUND: no site of that name.
 */
int site_control_run(const struct config *c, struct outbox_site_control *site_control,
    bool *ret_daemon, struct err *e);
/* What it came to, as "paused: events are kept, nothing is sent". */
const char *site_control_summary(const struct outbox_site_control *site_control, bool daemon);

#endif
