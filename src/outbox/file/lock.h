/*
 * The lock file beside the database: only the process that holds it may write. The kernel releases
 * the lock when the process ends, in any way.
 */
#ifndef OUTBOX_FILE_LOCK_H
#define OUTBOX_FILE_LOCK_H

#include "base/err.h"

/* Takes `<path>.lock`. ERR_BUSY, with the holder's process id, when another process holds it. */
int lock_take(const char *path, int *ret_fd, struct err *e);
void lock_release(int fd);
/* Returns the process id of the holder, 0 when nobody holds the lock, -1 on an error. Does not take
 * the lock. */
long lock_holder(const char *path, struct err *e);

#endif
