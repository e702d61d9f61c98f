/*
 * Makes events of one address (case is ignored) reach Bento in order of arrival. Two small sets for
 * each site decide which events are blocked: the events in flight (until their outcome is recorded)
 * and the delayed events both block later events of their addresses.
 *
 * Addresses are kept as keyed hashes: a collision only makes one address wait for another. Memory:
 * 16 to 64 bytes for each event, at most max_in_flight and ORDER_DELAYED_MAX events. When more
 * events are delayed than that, every event after the first one without room is blocked. One
 * thread.
 */
#ifndef DISPATCH_QUEUE_ORDER_H
#define DISPATCH_QUEUE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "base/secret/siphash.h"
#include "base/slice.h"
#include "dispatch/members.h"

#define ORDER_DELAYED_MAX 65536

struct order_entry {
	uint64_t address;
	int64_t id; /* 0: the slot is free */
};

/* A set of events with their addresses: open addressing, at most half full. */
struct order_set {
	struct order_entry *slots;
	size_t room; /* a power of two, or 0 */
	size_t n;
	size_t max;
};

void order_set_init(struct order_set *s, size_t max);
void order_set_free(struct order_set *s);
void order_set_clear(struct order_set *s);
/* Adds an event; one that is already in the set is unchanged. Returns -1 when the set is full or
 * there is no memory. */
int order_set_add(struct order_set *s, uint64_t address, int64_t id);
void order_set_remove(struct order_set *s, uint64_t address, int64_t id);
/* Whether the set has an event of this address that is older than before_id. */
bool order_set_has(const struct order_set *s, uint64_t address, int64_t before_id);

struct order {
	struct siphash_key key;
	struct order_set in_flight;
	struct order_set delayed;
	int64_t not_kept; /* the oldest delayed event without room; INT64_MAX: none */
};

void order_init(struct order *o, struct rand *chance);
/* Makes room for max events in flight. Returns -1 without memory; the room is then unchanged. */
int order_reserve(struct order *o, size_t max_in_flight, struct err *e);
void order_free(struct order *o);
/* Forgets all events in flight and delayed events. */
void order_reset(struct order *o);
uint64_t order_address(const struct order *o, struct slice address);

/* Call it when the members depart: they are then in flight, and no longer delayed. */
void order_depart(struct order *o, const struct members *m);
void order_land(struct order *o, const struct members *m);
bool order_is_in_flight(const struct order *o, uint64_t address);

void order_delay(struct order *o, uint64_t address, int64_t id);
void order_forget_delayed(struct order *o);
bool order_has_delayed(const struct order *o);
/* Whether an older event of the address is delayed. */
bool order_is_blocked(const struct order *o, uint64_t address, int64_t id);

#endif
