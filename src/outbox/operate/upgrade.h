/*
 * Reading another outbox that is not as it should be, without touching it: a copy is brought up to
 * date instead. One is written by an older version of this program, another still has persons whose
 * erasure a delete call asked for. One thread; nobody else may use the copy.
 */
#ifndef OUTBOX_OPERATE_UPGRADE_H
#define OUTBOX_OPERATE_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Whether it is such an outbox. 0, also when it is none at all; -1. */
int outbox_upgrade_needed(const char *path, bool *ret_needed, struct err *e);
/*
 * Makes `to`, what is only in the log of `from` included, migrates it, and erases whose erasure was
 * asked for. What an earlier copy left there goes first. After -1 there is nothing of it.
 * ret_erased: persons.
 */
int outbox_upgrade_copy(const char *from, const char *to, int64_t *ret_erased, struct err *e);
/* Removes such a copy and what stands beside it. */
void outbox_upgrade_remove(const char *to);

#endif
