/*
 * Reads another outbox that this program cannot read directly: an older version wrote it, or it
 * still has persons to erase. The file itself is not changed; a copy is brought up to date. One
 * thread; no other process may use the copy.
 */
#ifndef OUTBOX_OPERATE_UPGRADE_H
#define OUTBOX_OPERATE_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Whether the outbox at path needs an upgraded copy; false for a file that is not an outbox.
 * Returns 0 or -1. */
int outbox_upgrade_needed(const char *path, bool *ret_needed, struct err *e);
/*
 * Copies `from` to `to`, including its write-ahead log, migrates the copy, and erases the persons
 * whom delete calls named (*ret_erased: how many). An earlier copy is removed first. After -1
 * there is no copy left.
 */
int outbox_upgrade_copy(const char *from, const char *to, int64_t *ret_erased, struct err *e);
/* Does the same to a file that is already a copy. */
int outbox_upgrade_file(const char *path, int64_t *ret_erased, struct err *e);
/* Removes a copy and the files beside it, also those of a recovery that was killed. */
void outbox_upgrade_remove(const char *to);

#endif
