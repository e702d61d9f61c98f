/* What the process as a whole does to protect its secrets and other processes. Main thread. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include "base/err.h"

/*
 * Before threads start: no core dumps, nobody may trace us, files for us and our group only,
 * SIGPIPE and SIGXFSZ ignored (a full disk must be an error of a call, not the end), and our
 * signals blocked, so that threads inherit that.
 */
int process_prepare(struct err *e);
/* Room for n descriptors; ERR_LIMIT says what to raise. */
int process_allow_files(unsigned n, struct err *e);
/* Our signals may now reach this thread, and only this one. */
int process_hear_signals(struct err *e);

/* SIGHUP is heard too: it asks for the configuration to be read again. */
#define PROCESS_STOP_SIGNALS                                                                       \
	{                                                                                          \
		SIGTERM, SIGINT                                                                    \
	}

#endif
