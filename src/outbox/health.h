/*
 * How the outbox is doing, from what the writer runs into. An I/O error stays until a restart; a
 * full disk and a write lock that another program holds pass. Writer's thread; outbox_health() may
 * be called by any.
 */
#ifndef OUTBOX_HEALTH_H
#define OUTBOX_HEALTH_H

#include "outbox/outbox.h"

/* How often a full disk or a blocked file is tried again. */
#define HEALTH_RETRY_MS 1000

/* A transaction or a checkpoint failed. */
void health_note_failure(struct outbox *o, const struct err *e);
/* The write lock was taken, and a transaction committed. */
void health_note_commit(struct outbox *o);

#endif
