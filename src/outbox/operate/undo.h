/* Undoes an operation. */
#ifndef OUTBOX_OPERATE_UNDO_H
#define OUTBOX_OPERATE_UNDO_H

#include "outbox/operate/operate.h"

struct db;

/*
 * Runs one step of an undo inside the writer's transaction; now: wall ms. With op->dry_run nothing
 * is written, so db may be any connection. Fails like operate_step.
 */
int undo_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
