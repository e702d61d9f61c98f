/*
 * The texts of messageIds, in order, for people with the sqlite3 shell: the view `messages` finds
 * an event by them. The program itself uses the keyed hashes of outbox/dedup.
 *
 * 2,048 events are a block. When the first event of the next block is stored, the messageIds of the
 * complete block are sorted and stored 32 to a row (message_chunk), which costs a third of an index
 * over them. Its view asks one row of each block, and reads the events of the newest, incomplete
 * block. A block that loses events, or whose texts change, is written again.
 *
 * Inside the writer's transaction.
 */
#ifndef OUTBOX_WRITE_MESSAGE_BLOCKS_H
#define OUTBOX_WRITE_MESSAGE_BLOCKS_H

#include <stdint.h>

#include "base/err.h"

struct db;

#define MESSAGE_BLOCK_BITS 11 /* the view `messages` has these numbers, too */
#define MESSAGE_BLOCK_EVENTS (1 << MESSAGE_BLOCK_BITS)
#define MESSAGE_CHUNK_IDS 32
#define MESSAGE_CHUNK_BYTES 1500     /* a row ends when it has as many */
#define MESSAGE_BLOCK_BYTES 1048576u /* of messageIds; a block with more is not sorted */

static inline int64_t
message_block_of(int64_t event_id)
{
	return event_id >> MESSAGE_BLOCK_BITS;
}

/* Call before event_id, the next one, is stored: writes the block before when that is complete. */
int message_blocks_advance(struct db *db, int64_t event_id, struct err *e);
/* After a start: writes the last block if ids go on beyond it. */
int message_blocks_catch_up(struct db *db, int64_t last_event_id, struct err *e);
/*
 * An event that is there loses its row, or its messageId changes. Call for each in ascending order,
 * and for event 0 at the end: a block is written again once the next one, or the end, is reached.
 * *changed belongs to this function; 0 at first.
 */
int message_blocks_change(struct db *db, int64_t *changed, int64_t event_id, struct err *e);

#endif
