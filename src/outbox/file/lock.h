/*
 * The lock file beside the database: whoever holds it may write. Released by the kernel when the
 * process ends, however it ends. Private to outbox/, and used by the CLI to tell who is there.
 */
#ifndef OUTBOX_FILE_LOCK_H
#define OUTBOX_FILE_LOCK_H

#include "base/err.h"

/* Takes `<path>.lock`; ERR_BUSY with the holder's process id when somebody has it. */
int lock_take(const char *path, int *ret_fd, struct err *e);
void lock_release(int fd);
/* Who holds it: the process id, 0 when nobody does, -1 on an error. Takes nothing. */
long lock_holder(const char *path, struct err *e);

#endif
