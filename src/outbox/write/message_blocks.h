/*
 * The sorted texts of messageIds, by which the view `messages` finds an event in the sqlite3 shell.
 * The program itself uses the keyed hashes of outbox/dedup.
 *
 * A block is 2,048 events. When the first event of the next block is stored, the messageIds of the
 * complete block are sorted and stored, 32 in a row (message_chunk), which costs a third of an
 * index over them. The view reads one row of each block, and the events of the newest, incomplete
 * block. A block that loses events, or whose texts change, is written again.
 *
 * Inside the writer's transaction.
 */
#ifndef OUTBOX_WRITE_MESSAGE_BLOCKS_H
#define OUTBOX_WRITE_MESSAGE_BLOCKS_H

#include <stdint.h>

#include "base/err.h"

struct db;

#define MESSAGE_BLOCK_BITS 11 /* the view `messages` repeats this number */
#define MESSAGE_BLOCK_EVENTS (1 << MESSAGE_BLOCK_BITS)
#define MESSAGE_CHUNK_IDS 32
#define MESSAGE_CHUNK_BYTES 1500     /* a row ends when it has this many bytes */
#define MESSAGE_BLOCK_BYTES 1048576u /* bytes of messageIds; a block with more is not sorted */

static inline int64_t
message_block_of(int64_t event_id)
{
	return event_id >> MESSAGE_BLOCK_BITS;
}

/* Call it before the next event, event_id, is stored: writes the previous block if it is
 * complete. */
int message_blocks_advance(struct db *db, int64_t event_id, struct err *e);
/* Call it after a start: writes the last block if ids continue beyond it. */
int message_blocks_catch_up(struct db *db, int64_t last_event_id, struct err *e);
/*
 * Call it for each event that loses its row or changes its messageId, in ascending order, and with
 * event 0 at the end. A block is written again when the next block, or the end, is reached.
 * *changed belongs to this function; 0 at first.
 */
int message_blocks_change(struct db *db, int64_t *changed, int64_t event_id, struct err *e);

#endif
