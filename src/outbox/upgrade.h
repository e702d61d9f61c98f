/*
 * Reading what an older version of this program wrote, without touching it: a copy is brought up to
 * date instead. One thread; nobody else may use the copy.
 */
#ifndef OUTBOX_UPGRADE_H
#define OUTBOX_UPGRADE_H

#include <stdbool.h>

#include "base/err.h"

/* Whether it is an outbox of an older version. 0, also when it is none at all; -1. */
int outbox_upgrade_needed(const char *path, bool *ret_needed, struct err *e);
/*
 * Makes `to`, what is only in the log of `from` included, and migrates it. What an earlier copy
 * left there goes first. After -1 there is nothing of it.
 */
int outbox_upgrade_copy(const char *from, const char *to, struct err *e);
/* Removes such a copy and what stands beside it. */
void outbox_upgrade_remove(const char *to);

#endif
