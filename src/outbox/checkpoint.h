/*
 * Copies the write-ahead log (WAL) into the database file. SQLite's automatic checkpoints are off,
 * because nobody sees their errors (doc/sqlite.md). Writer's thread, outside of transactions.
 */
#ifndef OUTBOX_CHECKPOINT_H
#define OUTBOX_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* The WAL is copied after so many pages or so many commits. */
#define CHECKPOINT_PAGES 1024
#define CHECKPOINT_COMMITS 128

/* Starts to count the pages of the WAL, including those that a crash left behind. */
void checkpoint_open(struct outbox *o);
/* Returns an upper bound of the bytes in the WAL. */
uint64_t checkpoint_wal_bytes(const struct outbox *o);

#define CHECKPOINT_WAIT_MAX_MS 250
/*
 * Whether the WAL has reached max_wal_bytes: new events are then refused. A reader that keeps its
 * transaction open prevents the WAL from being cut. From half of max_wal_bytes on, each transaction
 * that stores events first waits: the fuller the WAL, the longer.
 */
bool checkpoint_wal_is_full(const struct outbox *o);
/* Milliseconds to wait, 0 to CHECKPOINT_WAIT_MAX_MS. */
int checkpoint_wait_ms(const struct outbox *o);

/* Call it after a commit: copies the WAL once it is long enough. */
void checkpoint_if_due(struct outbox *o);
/* Copies the whole WAL and cuts its file. A reader in the way is not an error: the WAL stays. */
int checkpoint_cut(struct outbox *o, struct err *e);
/* Like checkpoint_cut; an error sets the outbox's health. */
void checkpoint_cut_now(struct outbox *o);

#endif
