/* What is true of every outbox whenever no transaction is open: lib/truths.sql, and the checksums.
 */
#ifndef LIB_TRUTHS_H
#define LIB_TRUTHS_H

#include <stddef.h>

#include "outbox/file/db.h"

/* Returns 0, or -1 with the first fault in ret_why. */
int truths_check(struct db *db, char *ret_why, size_t size);

#endif
