/* Settings of the process as a whole: core dumps, file modes, limits. Main thread. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdint.h>

#include "base/err.h"

/*
 * Call it first: before threads start and before secrets are read. It blocks the daemon's signals
 * (signals.h), forbids core dumps and tracing by other users, and creates files for the user and
 * the group only.
 */
int process_prepare(struct err *e);
/*
 * ERR_INPUT when this is root and the database's directory belongs to another user. The control
 * socket and archives that root creates could not be used by that user later.
 */
int process_check_user(const char *database, struct err *e);
/* Allows n open files by raising the soft limit, at most to the hard one; ERR_LIMIT says what to
 * raise. */
int process_allow_files(uint64_t n, struct err *e);

#endif
