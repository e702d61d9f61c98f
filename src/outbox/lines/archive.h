/*
 * The archive of purged events: one file for each day in a directory, spool-YYYY-MM-DD.ndjson.gz.
 * Each step of a purge appends a gzip member; zcat prints all of them. Writer's thread.
 */
#ifndef OUTBOX_LINES_ARCHIVE_H
#define OUTBOX_LINES_ARCHIVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Appends the lines, compressed, to the file of the day (now: wall ms) and syncs it. On failure it
 * removes what it wrote. If the removal fails too, the next attempt writes the lines a second time.
 */
int archive_append(const char *folder, int64_t now, struct slice lines, struct err *e);

#endif
