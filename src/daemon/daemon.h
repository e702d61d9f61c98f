/* The daemon from start to stop. Main thread. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

/*
 * Call it first: before threads start, and before a configuration with secrets is loaded. From then
 * on the daemon's signals wait for daemon_run, and no core dump can show a secret.
 */
int daemon_prepare(struct err *e);
/* Returns how many open files daemon_run needs with this configuration. */
uint64_t daemon_files(const struct config *c);
/*
 * Call it after daemon_prepare. Runs until SIGTERM or
 * SIGINT. Returns 0 after a clean stop, -1 when a part could not start or
 * stop. SIGHUP and a request on the control socket both reload the configuration, with the same
 * config_request.
 */
int daemon_run(struct config *c, const struct config_request *request, struct err *e);

#endif
