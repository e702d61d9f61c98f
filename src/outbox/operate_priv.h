/* Shared by operate.c and undo.c. Private to outbox/. */
#ifndef OUTBOX_OPERATE_PRIV_H
#define OUTBOX_OPERATE_PRIV_H

#include "outbox/operate.h"

struct db;

/* The operation's row; sets its id. */
int operate_begin(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);
/* The status that every verb but undo gives. */
enum event_status operate_verb_leaves(enum operate_verb verb);
/* One slice of an undo; with dry_run nothing is written, so a connection for reading will do. */
int undo_apply(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
