/*
 * The outbox's health, as the writer's results show it. An I/O error stays until a restart; a full
 * disk, another program's write lock, a refused write and a lack of memory may pass. Writer's
 * thread; any thread may call outbox_health().
 */
#ifndef OUTBOX_HEALTH_H
#define OUTBOX_HEALTH_H

#include "outbox/outbox.h"

/* The time between two attempts while the disk is full or the file blocked. */
#define HEALTH_RETRY_MS 1000

/* Call it when a transaction or a checkpoint failed. */
void health_note_failure(struct outbox *o, const struct err *e);
/* Call it when a transaction was committed that wrote: one that wrote nothing proves nothing. */
void health_note_commit(struct outbox *o);
/* Call these before and after an action that may wait for the disk. */
void health_begin_write(struct outbox *o);
void health_end_write(struct outbox *o);

#endif
