/* Asks SQLite whether the file is damaged. Uses the connection of outbox/read/audit.h. */
#ifndef OUTBOX_READ_INTEGRITY_H
#define OUTBOX_READ_INTEGRITY_H

#include <stddef.h>

#include "outbox/read/audit.h"

/*
 * Runs SQLite's quick_check, which reads every page. Returns 0 when it finds nothing; otherwise -1
 * with what it found: ERR_IO, or ERR_LIMIT when it took longer than timeout_ms.
 */
int outbox_quick_check(struct outbox_audit *a, int64_t timeout_ms, struct err *e);
/*
 * Whether an error of reading an outbox may come from a damaged file, so that recovering it may
 * help.
 */
bool outbox_may_be_damaged(const struct err *e);

#endif
