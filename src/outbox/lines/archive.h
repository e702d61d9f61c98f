/*
 * Where events go that leave the database: a file a day in a folder, spool-YYYY-MM-DD.ndjson.gz,
 * each slice a gzip member of its own. `zcat` reads all of them in a row. Writer thread; private to
 * outbox/.
 */
#ifndef OUTBOX_LINES_ARCHIVE_H
#define OUTBOX_LINES_ARCHIVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Appends the lines, compressed, to the day's file and syncs it. After -1 nothing was promised:
 * what may have been written of it is cut off again, or, when that is not possible either, stands
 * there twice after the next try.
 */
int archive_append(const char *folder, int64_t now, struct slice lines, struct err *e);

#endif
