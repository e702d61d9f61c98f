/*
 * The sorted texts of messageIds, by which the view `messages` finds an event in the sqlite3 shell.
 * The program itself uses the keyed hashes of outbox/dedup.
 *
 * A block is 2,048 events. When the first event of the next block is stored, the messageIds of the
 * complete block are sorted and stored, 32 in a row (message_chunk), which costs a third of an
 * index over them. The view reads one row of each block, and the events of the newest, incomplete
 * block. What else a block has is in event_block.h; both are written together.
 *
 * Inside the writer's transaction.
 */
#ifndef OUTBOX_WRITE_MESSAGE_BLOCKS_H
#define OUTBOX_WRITE_MESSAGE_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/write/event_block.h"

#define MESSAGE_CHUNK_IDS 32
#define MESSAGE_CHUNK_BYTES 1500     /* a row ends when it has this many bytes */
#define MESSAGE_BLOCK_BYTES 1048576u /* bytes of messageIds; a block with more is not sorted */

struct message_block;

/* The newest block, in memory. */
struct message_blocks {
	struct message_block *newest; /* owned */
	bool is_filled;               /* it has all events of its block */
};

/* Reads nothing of the newest block yet; message_blocks_close frees it. */
int message_blocks_open(
    struct message_blocks *m, struct db *db, int64_t last_event_id, struct err *e);
void message_blocks_close(struct message_blocks *m);
/* Call it before the next event, event_id, is stored: writes the previous block if it is
 * complete. */
int message_blocks_advance(struct message_blocks *m, int64_t event_id, struct err *e);
/* Call it when that event is stored. */
void message_blocks_add(
    struct message_blocks *m, const struct event_block_event *event, struct slice message_id);
/* Call it when events up to event_id may have changed or gone (INT64_MAX: after a rollback), so
 * that the newest block is read again if it is among them. */
void message_blocks_forget(struct message_blocks *m, int64_t event_id);

/* Writes every complete block of a file that has none. In no transaction. */
int message_blocks_rebuild(struct db *db, struct err *e);
/*
 * Call it for each event that loses its row or changes its messageId, name, address or time of
 * receipt, in ascending order, and with event 0 at the end. A block is written again when the next
 * block, or the end, is reached. *changed belongs to this function; 0 at first.
 */
int message_blocks_change(struct db *db, int64_t *changed, int64_t event_id, struct err *e);

#endif
