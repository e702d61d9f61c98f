/* Makes the write-ahead log durable that an earlier process left. */
#ifndef OUTBOX_FILE_WAL_H
#define OUTBOX_FILE_WAL_H

#include "base/err.h"

/*
 * Writes every byte of the WAL of the database again, and syncs it. Call it inside a transaction
 * that holds the write lock, before anything is acknowledged.
 */
int wal_rewrite(const char *path, struct err *e);

#endif
