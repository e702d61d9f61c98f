/* What undo.c needs of operate.c. Writer's thread. */
#ifndef OUTBOX_OPERATE_OPERATE_PRIVATE_H
#define OUTBOX_OPERATE_OPERATE_PRIVATE_H

#include "outbox/operate/operate.h"

struct db;

/* Adds the operation's row, and sets op->operation_id; now: wall ms. */
int operate_begin(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);
/* The status that a verb gives to events; not for undo. */
enum event_status operate_verb_leaves(enum operate_verb verb);

#endif
