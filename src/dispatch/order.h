/*
 * The promise of order: events of one address (compared without case) reach Bento in order of
 * arrival. Two small sets for one site say who has to wait: the addresses of events that are
 * flying (in a request, or where it is being recorded that they are to be sent again), and the
 * events that wait for a time of their own, which hold back the later ones of their address.
 *
 * Addresses are kept as keyed hashes: two that collide wait for each other without need, no more.
 * Memory: 16 to 64 bytes an event; at most `max_flying` and ORDER_DELAYED_MAX events. Past the
 * latter every event that is later than the first one not kept has to wait. One thread.
 */
#ifndef DISPATCH_ORDER_H
#define DISPATCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "base/siphash.h"
#include "base/slice.h"

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
/* -1: it is full, or there is no memory. An event that is there already is left as it is. */
int order_set_add(struct order_set *s, uint64_t address, int64_t id);
void order_set_remove(struct order_set *s, uint64_t address, int64_t id);
/* Has it an event of this address that is older than id? */
bool order_set_has(const struct order_set *s, uint64_t address, int64_t before_id);

struct order {
	struct siphash_key key;
	struct order_set flying;
	struct order_set waiting;
	int64_t not_kept; /* the oldest waiting event that had no room; INT64_MAX: none */
};

int order_init(struct order *o, size_t max_flying, struct rand *chance, struct err *e);
void order_free(struct order *o);
uint64_t order_address(const struct order *o, struct slice address);

void order_take_off(struct order *o, const uint64_t *addresses, const int64_t *ids, size_t n);
void order_land(struct order *o, const uint64_t *addresses, const int64_t *ids, size_t n);
bool order_is_flying(const struct order *o, uint64_t address);

void order_wait(struct order *o, uint64_t address, int64_t id);
void order_forget_delayed(struct order *o);
/* Does an older event of the address wait for its time? */
bool order_is_held_back(const struct order *o, uint64_t address, int64_t id);

#endif
