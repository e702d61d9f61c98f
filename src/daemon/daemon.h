/* The daemon from start to stop. Main thread. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

/*
 * Runs until SIGTERM or SIGINT. Returns 0 after a clean stop, -1 when a part could not start or
 * stop. SIGHUP and a request on the control socket both reload the configuration, with the same
 * config_request.
 */
int daemon_run(struct config *c, const struct config_request *request, struct err *e);

#endif
