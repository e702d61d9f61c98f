/* The daemon: every part in order of need, and back. Main thread. */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include "cli/config.h"

/* Runs until a signal. 0 after a clean stop; -1 when something could not start or stop. */
int daemon_run(const struct config *c, struct err *e);

#endif
