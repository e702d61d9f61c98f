/*
 * The audit of sending: one row a request, its members, its end, and what that means for them.
 * Writer thread, inside the writer's transaction; private to outbox/.
 */
#ifndef OUTBOX_WRITE_ATTEMPTS_H
#define OUTBOX_WRITE_ATTEMPTS_H

#include "outbox/file/db.h"
#include "outbox/outbox.h"

int attempts_begin(struct db *db, struct outbox_attempt_begin *begin, struct err *e);
/* ERR_STATE, with nothing changed, when the attempt already has an end. */
int attempts_end(struct db *db, const struct outbox_attempt_end *end, struct err *e);
/* Attempts that a crash left without an end become `unknown`; their events are due again. */
int attempts_recover(struct db *db, int64_t now, int64_t *ret_recovered, struct err *e);

#endif
