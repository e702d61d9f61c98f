/* Shared by operate.c and undo.c. Private to outbox/. */
#ifndef OUTBOX_OPERATE_OPERATE_PRIVATE_H
#define OUTBOX_OPERATE_OPERATE_PRIVATE_H

#include "outbox/operate/operate.h"

struct db;

/* The operation's row; sets its id. */
int operate_begin(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);
/* The status that every verb but undo gives. */
enum event_status operate_verb_leaves(enum operate_verb verb);

#endif
