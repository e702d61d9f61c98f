/* The functions of operate.c that undo.c uses. Writer's thread. */
#ifndef OUTBOX_OPERATE_OPERATE_PRIVATE_H
#define OUTBOX_OPERATE_OPERATE_PRIVATE_H

#include "outbox/operate/operate.h"

struct db;

/* Adds the operation's row and sets op->operation_id; now: wall ms. */
int operate_begin(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);
/* Returns the status that a verb gives to events. Undo has none. */
enum event_status operate_verb_leaves(enum operate_verb verb);

#endif
