/* What pause, resume and flush do, for every verb that offers them. Main thread. */
#ifndef CLI_STEER_H
#define CLI_STEER_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/config.h"
#include "outbox/steer.h"

/*
 * Through the daemon, or without one as the writer; verb, site and note are set, the results are
 * filled in. ret_daemon: whether one runs, and acts on it now. ERR_NOTFOUND: no site of that name.
 */
int steer_run(const struct config *c, struct outbox_steer *steer, bool *ret_daemon, struct err *e);
/* What it came to, as "paused: events are kept, nothing is sent". */
const char *steer_told(const struct outbox_steer *steer, bool daemon);

#endif
