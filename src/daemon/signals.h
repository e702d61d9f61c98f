/*
 * The signals of the daemon. SIGTERM and SIGINT stop it and SIGHUP asks for a reload. SIGUSR1 and
 * SIGUSR2 have no meaning: they are logged. No other signal that another program might send by
 * mistake ends the daemon either, except SIGQUIT and those that nobody can ignore. Main thread.
 */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include <signal.h>

#include "base/err.h"

#define SIGNALS_STOP                                                                               \
	{                                                                                          \
		SIGTERM, SIGINT                                                                    \
	}
#define SIGNALS_STRAY                                                                              \
	{                                                                                          \
		SIGUSR1, SIGUSR2                                                                   \
	}

/*
 * Call it as early as possible, and before threads start, which inherit the block. Signals with a
 * meaning wait until signals_unblock, those without one are ignored; so is SIGXFSZ, because a file
 * at its maximum size must be a failed call and not the end of the process.
 */
int signals_block(struct err *e);
/* From now on this thread, and no other, receives the daemon's signals, and those that wait. */
int signals_unblock(struct err *e);
/* Ends the process at the next signal that stops: one line on standard error, exit status 1. */
void signals_end_at_next_stop(void);

#endif
