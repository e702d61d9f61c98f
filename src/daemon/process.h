/* Settings of the process as a whole: signals, core dumps, file modes, limits. Main thread. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include "base/err.h"

/*
 * Call it before threads start. It forbids core dumps and tracing by other users, creates files for
 * the user and the group only, and ignores SIGPIPE and SIGXFSZ (a file at its maximum size must be
 * a failed call, not the end of the process). It blocks the daemon's signals, so that all threads
 * inherit the block.
 */
int process_prepare(struct err *e);
/*
 * ERR_INPUT when this is root and the database's directory belongs to another user. The control
 * socket and archives that root creates could not be used by that user later.
 */
int process_check_user(const char *database, struct err *e);
/* Allows n open files; ERR_LIMIT says what to raise. */
int process_allow_files(unsigned n, struct err *e);
/* From now on this thread, and no other, receives the daemon's signals. */
int process_unblock_signals(struct err *e);

/* Ends the process at the next SIGTERM or SIGINT: one line on standard error, exit status 1. */
void process_end_at_next_signal(void);

/* The signals that stop the daemon. Its other signal is SIGHUP, which asks for a reload. */
#define PROCESS_STOP_SIGNALS                                                                       \
	{                                                                                          \
		SIGTERM, SIGINT                                                                    \
	}

#endif
