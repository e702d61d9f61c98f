/*
 * Giving pending events a status, or a new time and size, without an attempt. Writer thread, inside
 * the writer's transaction; private to outbox/.
 */
#ifndef OUTBOX_WRITE_SETTLE_H
#define OUTBOX_WRITE_SETTLE_H

#include "outbox/file/db.h"
#include "outbox/outbox.h"

int settle_apply(struct db *db, const struct outbox_settle *settle, int64_t now, struct err *e);

#endif
