/* Settings of the process as a whole: signals, core dumps, file modes, limits. Main thread. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include "base/err.h"

/*
 * Before threads start: no core dumps, no tracing by others, files for the user and the group only,
 * SIGPIPE and SIGXFSZ ignored (a file at its maximum size must be a failed call, not the end of the
 * process), and the daemon's signals blocked, so that all threads inherit the block.
 */
int process_prepare(struct err *e);
/* Room for n descriptors; ERR_LIMIT says what to raise. */
int process_allow_files(unsigned n, struct err *e);
/* From now on the daemon's signals reach this thread, and only this one. */
int process_unblock_signals(struct err *e);

/* SIGHUP, which asks for a reload, is one of the daemon's signals, too. */
#define PROCESS_STOP_SIGNALS                                                                       \
	{                                                                                          \
		SIGTERM, SIGINT                                                                    \
	}

#endif
