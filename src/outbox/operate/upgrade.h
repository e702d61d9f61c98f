/*
 * Reading another outbox that this program cannot read as it is: one that an older version wrote,
 * or one that still has persons to erase. The file itself is not touched; a copy is brought up to
 * date. One thread; nobody else may use the copy.
 */
#ifndef OUTBOX_OPERATE_UPGRADE_H
#define OUTBOX_OPERATE_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Whether path is such an outbox; false for a file that is not an outbox. 0 or -1. */
int outbox_upgrade_needed(const char *path, bool *ret_needed, struct err *e);
/*
 * Copies `from` to `to`, with what is only in its write-ahead log, migrates the copy, and erases
 * the persons whom delete calls wanted erased (*ret_erased: how many). An earlier copy is removed
 * first. After -1 there is no copy.
 */
int outbox_upgrade_copy(const char *from, const char *to, int64_t *ret_erased, struct err *e);
/* Removes a copy and the files beside it. */
void outbox_upgrade_remove(const char *to);

#endif
