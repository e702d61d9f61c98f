/*
 * Finds the events of an address: by its hash in complete blocks (write/event_block.h), and
 * directly among the newest events and the addresses that came later than their events. Some of
 * what it finds may belong to another address, with the same hash: the caller compares.
 */
#ifndef OUTBOX_FILTER_ADDRESSES_H
#define OUTBOX_FILTER_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/filter/filter.h"
#include "outbox/write/event_block.h"

struct db_rows;

#define ADDRESS_IDS 500 /* a portion ends behind the block that makes it so large */
#define ADDRESS_IDS_MAX (2 * ADDRESS_IDS + EVENT_BLOCK_EVENTS)
#define ADDRESS_BLOCKS 1024 /* most blocks of a portion */

struct address_search {
	struct db *db;
	struct slice address; /* borrowed */
	uint32_t hash;
	int64_t open; /* the first event of the newest block */
	int64_t ids[ADDRESS_IDS_MAX];
	size_t n;
};

/* Whether the filter names one address. */
bool addresses_is_exact(const struct outbox_filter *f);
/* Returns NULL on an error. free() frees it. */
struct address_search *addresses_begin(
    struct db *db, struct slice address, int64_t open, struct err *e);
/*
 * Finds the next events from `low` up, or from `high` down with `newest`. `blocks` has the blocks
 * to search, in that order, and is ended. ret_end gets the last id, in that order, that was
 * reached.
 */
int addresses_next(struct address_search *s, int64_t low, int64_t high, bool newest,
    struct db_rows *blocks, int64_t *ret_end, struct err *e);

#endif
