/*
 * Finds events by their messageId without reading every event.
 *
 * It uses the data that finds duplicates (outbox/dedup/dedup.h): the keyed hash of a messageId is
 * in the levels, or the event is one of the few recent ones. A site has a messageId only once, so
 * the result is complete. When an erasure has replaced an address inside a messageId, the hash does
 * not help, because it is the hash of the former text.
 *
 * Works on any connection, even the writer's; one thread at a time.
 */
#ifndef OUTBOX_FILTER_MESSAGE_IDS_H
#define OUTBOX_FILTER_MESSAGE_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;

/* An erasure writes this in place of an address, even inside messageIds. */
#define ERASE_WORD "erased@erased.invalid"

/* The events with one messageId, in ascending order; ids are owned. */
struct message_ids {
	int64_t *ids;
	size_t n;
	size_t cap;
};

void message_ids_free(struct message_ids *m);

/* Returns 1 when ret_found has the events of all sites, 0 when the hash does not help (ret_found is
 * then empty), -1 on an error. */
int message_ids_find(
    struct db *db, struct slice message_id, struct message_ids *ret_found, struct err *e);

#endif
