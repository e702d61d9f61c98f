/*
 * The archive of purged events: a file for each day in a folder, spool-YYYY-MM-DD.ndjson.gz. Each
 * step of a purge is a gzip member of its own; zcat reads all of them in a row. Writer's thread.
 */
#ifndef OUTBOX_LINES_ARCHIVE_H
#define OUTBOX_LINES_ARCHIVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Appends the lines, compressed, to the file of the day (now: wall ms) and syncs it. After -1 what
 * was written of them is cut off again; if that fails too, the lines are there twice after the next
 * try.
 */
int archive_append(const char *folder, int64_t now, struct slice lines, struct err *e);

#endif
