/*
 * The promise of order: events of one address (compared without case) reach Bento in order of
 * arrival. Two small sets for one site say which events are blocked: the addresses of events in
 * flight (in a request, or while it is being recorded that they are to be sent again), and the
 * delayed events, which block the later ones of their address.
 *
 * Addresses are kept as keyed hashes: two that collide wait for each other without need, no more.
 * Memory: 16 to 64 bytes an event; at most max_in_flight and ORDER_DELAYED_MAX events. Past the
 * latter every event that is later than the first one not kept is blocked. One thread.
 */
#ifndef DISPATCH_QUEUE_ORDER_H
#define DISPATCH_QUEUE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "base/siphash.h"
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
/* -1: the set is full, or there is no memory. An event of the set is left as it is. */
int order_set_add(struct order_set *s, uint64_t address, int64_t id);
void order_set_remove(struct order_set *s, uint64_t address, int64_t id);
/* Does the set hold an event of this address that is older than id? */
bool order_set_has(const struct order_set *s, uint64_t address, int64_t before_id);

struct order {
	struct siphash_key key;
	struct order_set in_flight;
	struct order_set delayed;
	int64_t not_kept; /* the oldest delayed event that had no room; INT64_MAX: none */
};

void order_init(struct order *o, struct rand *chance);
/* Makes room for max events in flight. -1: no memory, and there is room for as many as before. */
int order_reserve(struct order *o, size_t max_in_flight, struct err *e);
void order_free(struct order *o);
/* Nothing is in flight, and nothing delayed is known. */
void order_reset(struct order *o);
uint64_t order_address(const struct order *o, struct slice address);

/* The members are in flight from now on, and delayed members are not delayed any more. */
void order_depart(struct order *o, const struct members *m);
void order_land(struct order *o, const struct members *m);
bool order_is_in_flight(const struct order *o, uint64_t address);

void order_delay(struct order *o, uint64_t address, int64_t id);
void order_forget_delayed(struct order *o);
bool order_has_delayed(const struct order *o);
/* Is an older event of the address delayed? */
bool order_is_blocked(const struct order *o, uint64_t address, int64_t id);

#endif
