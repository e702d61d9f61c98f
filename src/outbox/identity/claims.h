/*
 * A memory of whose a device is: the latest claim of the devices that called last. A call that says
 * what is remembered says nothing new, and needs no look at the table identity. Writer thread.
 *
 * Whoever removes or changes rows of devices clears the memory, or drops the device. What a
 * transaction that was rolled back left here is cleared by store_rolled_back().
 */
#ifndef OUTBOX_IDENTITY_CLAIMS_H
#define OUTBOX_IDENTITY_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/siphash.h"
#include "base/slice.h"

#define CLAIMS_SLOTS 1024

/* At which site which user's a device is; the ids are hashed with a key of this process. */
struct claims_pair {
	uint64_t device;
	uint64_t user;
};

struct claims {
	struct siphash_key key;
	struct claims_slot {
		struct claims_pair pair;
		int64_t since, since_event;
		int64_t until; /* 0: the slot is empty */
	} slots[CLAIMS_SLOTS];
};

int claims_open(struct claims *c, struct err *e);
struct claims_pair claims_pair(
    const struct claims *c, int64_t site_id, struct slice device, struct slice user_id);
/*
 * Whether it is known that the device's latest claim is this user's, and that a call made at that
 * time (wall ms) by that event changes nothing about it.
 */
bool claims_has(const struct claims *c, struct claims_pair pair, int64_t at, int64_t event_id);
/* The device's latest claim: no other is later. Calls before `until` change nothing. */
void claims_keep(
    struct claims *c, struct claims_pair pair, int64_t since, int64_t since_event, int64_t until);
/* The device may have another claim now. */
void claims_drop(struct claims *c, struct claims_pair pair);
void claims_clear(struct claims *c);

#endif
