/*
 * Remembers the users of devices: the latest claim on each of the devices that called last. A call
 * that repeats a remembered claim needs no read of the table identity. Writer's thread.
 *
 * Code that removes or changes rows of devices must clear the memory or drop the device.
 * store_rolled_back() clears what a rolled-back transaction left here.
 */
#ifndef OUTBOX_IDENTITY_CLAIMS_H
#define OUTBOX_IDENTITY_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret/siphash.h"
#include "base/slice.h"

#define CLAIMS_SLOTS 1024

/* The user of a device at a site; the ids are hashed with a key of this process. */
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
 * Whether this user is known to have the device's latest claim, so that a call at that time (wall
 * ms) by that event changes nothing.
 */
bool claims_has(const struct claims *c, struct claims_pair pair, int64_t at, int64_t event_id);
/* Records the device's latest claim. Calls before `until` change nothing. */
void claims_keep(
    struct claims *c, struct claims_pair pair, int64_t since, int64_t since_event, int64_t until);
/* Forgets the device, which may have another claim now. */
void claims_drop(struct claims *c, struct claims_pair pair);
void claims_clear(struct claims *c);

#endif
