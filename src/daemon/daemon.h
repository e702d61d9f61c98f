/* The daemon: every part in order of need, and back. Main thread. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

/*
 * Runs until SIGTERM or SIGINT. 0 after a clean stop; -1 when something could not start or stop. On
 * SIGHUP, and when the control socket says so, the configuration is loaded again by the same
 * request and used, all of it or nothing.
 */
int daemon_run(struct config *c, const struct config_request *request, struct err *e);

#endif
