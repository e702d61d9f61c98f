/*
 * Copying the write-ahead log (WAL) into the database file. SQLite's automatic checkpoints are off,
 * because their errors go unheard (doc/sqlite.md). Writer's thread, outside of transactions.
 */
#ifndef OUTBOX_CHECKPOINT_H
#define OUTBOX_CHECKPOINT_H

#include <stdint.h>

#include "outbox/outbox.h"

/* Begins to count the pages of the WAL, those that a crash left behind included. */
void checkpoint_open(struct outbox *o);
/* The bytes in the WAL, at most. */
uint64_t checkpoint_wal_bytes(const struct outbox *o);
/* After a commit: copies the WAL once it is long enough. */
void checkpoint_if_due(struct outbox *o);
/* Copies all of the WAL and cuts its file. A reader in the way is not an error: the WAL stays. */
int checkpoint_cut(struct outbox *o, struct err *e);
/* The same; an error becomes the outbox's health. */
void checkpoint_cut_now(struct outbox *o);

#endif
