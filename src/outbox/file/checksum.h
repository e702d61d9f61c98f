/*
 * Checksums of the rows of `event` and `envelope`: they find a row that the disk has changed. Pure;
 * any thread.
 */
#ifndef OUTBOX_FILE_CHECKSUM_H
#define OUTBOX_FILE_CHECKSUM_H

#include <stdint.h>

#include "outbox/file/statements.gen.h"

struct sqlite3;

/* Covers every column but the checksum itself, which it ignores. */
int64_t checksum_event(const struct stmt_event_add *row);
/* Covers the id and what a batch said, not the counts of its events. */
int64_t checksum_envelope(const struct stmt_envelope_add *row);

/*
 * Makes these functions known to SQL. Returns an error code of SQLite.
 *   event_checksum, envelope_checksum: take the columns in the order of the table.
 *   changed_checksum(checksum, before, after): the checksum of a row that a statement changes, from
 *       the checksums of what was there and of what is there. A wrong one stays wrong.
 */
int checksum_register(struct sqlite3 *handle);

#endif
