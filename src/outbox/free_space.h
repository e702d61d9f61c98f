/* Refuses new events when free space falls below a minimum. Writer's thread. */
#ifndef OUTBOX_FREE_SPACE_H
#define OUTBOX_FREE_SPACE_H

#include <stdbool.h>

#include "outbox/outbox.h"

/*
 * Whether the disk has space for new events besides min_free and the copy of the WAL, and the WAL
 * is below max_wal_bytes. Sets the outbox's health to full or ok. Call it outside of transactions.
 */
bool free_space_check(struct outbox *o);

#endif
