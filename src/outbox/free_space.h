/* The floor of free space below which new events are refused. Writer's thread. */
#ifndef OUTBOX_FREE_SPACE_H
#define OUTBOX_FREE_SPACE_H

#include <stdbool.h>

#include "outbox/outbox.h"

/*
 * Whether the disk has space for new events, beside min_free and what the WAL needs when it is
 * copied; sets the outbox's health to full or ok. Outside of transactions.
 */
bool free_space_check(struct outbox *o);

#endif
