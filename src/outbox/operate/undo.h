/* Taking an operation back. Writer thread, inside its transaction; or, for a dry run, any
 * connection. */
#ifndef OUTBOX_OPERATE_UNDO_H
#define OUTBOX_OPERATE_UNDO_H

#include "outbox/operate/operate.h"

struct db;

/* One step of an undo; with dry_run nothing is written, so a connection for reading will do. */
int undo_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
