/*
 * What is stored about a complete block of 2,048 events besides their messageIds, so that a
 * question does not read every event: when its events arrived, how many there are of each site,
 * kind and name (event_block, event_block_count), and which of them have an address
 * (event_address).
 *
 * An entry of event_address is the place of an event in its block and a keyed hash of its address.
 * A search compares the hash, then the event's own address, so another address with the same hash
 * costs one read. Addresses are hashed in lower case, as filters compare them. Addresses that came
 * after the event are not here but in delivery.email.
 *
 * Filling a block is pure; writing happens inside the writer's transaction.
 */
#ifndef OUTBOX_WRITE_EVENT_BLOCK_H
#define OUTBOX_WRITE_EVENT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret/siphash.h"
#include "base/slice.h"

struct db;

#define EVENT_BLOCK_BITS 11 /* views, queries and doc/audit.md repeat this number */
#define EVENT_BLOCK_EVENTS (1 << EVENT_BLOCK_BITS)
/* A block with more groups of site, kind and name has no counts: its events are read instead. */
#define EVENT_BLOCK_GROUPS 128
/* The highest bits of a hash choose one of the block's rows of event_address. */
#define ADDRESS_PART_BITS 3
#define ADDRESS_PARTS (1 << ADDRESS_PART_BITS)
#define ADDRESS_KEY_BITS (32 - EVENT_BLOCK_BITS) /* bits of the hash in an entry */
#define ADDRESS_HASH_BITS (ADDRESS_PART_BITS + ADDRESS_KEY_BITS)
#define ADDRESS_BLOCK_BITS 40 /* bits of the block's number in the number of a row */
#define ADDRESS_ENTRY_SIZE 4  /* bytes, little-endian; the place is in the low bits */
#define ADDRESS_MAX 1024      /* bytes of an address that are hashed */

static inline int64_t
event_block_of(int64_t event_id)
{
	return event_id >> EVENT_BLOCK_BITS;
}

static inline int64_t
event_block_first(int64_t block)
{
	return block << EVENT_BLOCK_BITS;
}

static inline int64_t
event_block_last(int64_t block)
{
	return event_block_first(block + 1) - 1;
}

/* Returns the hash of an address under the outbox's secret: ADDRESS_HASH_BITS bits. */
uint32_t address_hash(const struct siphash_key *secret, struct slice address);

/* The number of a row of event_address. A search reads one row of each block, which are neighbors.
 */
static inline int64_t
address_part(int64_t block, uint32_t hash)
{
	return (int64_t)(hash >> ADDRESS_KEY_BITS) << ADDRESS_BLOCK_BITS | block;
}

/* Returns where the entries of this hash begin in a row of event_address: an index of entries. */
size_t address_find(struct slice entries, uint32_t hash);
/* Whether entry i, which may be past the end, has this hash; *ret_place gets the event's place. */
bool address_at(struct slice entries, size_t i, uint32_t hash, unsigned *ret_place);

/* Events of one site, kind and name. */
struct event_block_group {
	int64_t site_id;
	size_t kind, name; /* offsets into `texts` */
	size_t n_kind, n_name;
	int64_t events;
};

struct event_block {
	struct siphash_key secret;
	int64_t first_received_at, last_received_at;
	int64_t events;
	struct event_block_group groups[EVENT_BLOCK_GROUPS];
	size_t n_groups;
	bool too_many; /* groups */
	struct buf texts;
	uint64_t addresses[EVENT_BLOCK_EVENTS]; /* the hash above the place */
	size_t n_addresses;
};

struct event_block_event {
	int64_t event_id;
	int64_t site_id;
	int64_t received_at;
	struct slice kind;
	struct slice name;  /* absent: none */
	struct slice email; /* absent: none */
};

void event_block_init(struct event_block *b);
void event_block_free(struct event_block *b);
/* Empties the block, and reads the secret. */
int event_block_begin(struct event_block *b, struct db *db, struct err *e);
/* Adds the next event; at most EVENT_BLOCK_EVENTS. */
void event_block_add(struct event_block *b, const struct event_block_event *event);
/* Stores a block that has events. */
int event_block_write(struct event_block *b, struct db *db, int64_t number, struct err *e);
/* Removes what is stored about a block. */
int event_block_drop(struct db *db, int64_t number, struct err *e);

#endif
