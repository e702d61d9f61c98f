/*
 * Remembers claims: one slot for each hash of a device; the slot holds the device that called last.
 * A miss costs a read of the table. Only opening can fail, when there are no random bytes for the
 * key.
 */
#include "outbox/identity/claims.h"

#include <string.h>

#include "base/rand.h"

int
claims_open(struct claims *c, struct err *e)
{
	claims_clear(c);
	return rand_system(&c->key, sizeof(c->key), e);
}

struct claims_pair
claims_pair(const struct claims *c, int64_t site_id, struct slice device, struct slice user_id)
{
	const struct siphash_key key = { c->key.k0 ^ (uint64_t)site_id, c->key.k1 };

	return (struct claims_pair){
		.device = siphash(&key, device.p, device.n),
		.user = siphash(&key, user_id.p, user_id.n),
	};
}

bool
claims_has(const struct claims *c, struct claims_pair pair, int64_t at, int64_t event_id)
{
	const struct claims_slot *slot = &c->slots[pair.device % CLAIMS_SLOTS];

	return slot->pair.device == pair.device && slot->pair.user == pair.user && at < slot->until
	       && (slot->since < at || (slot->since == at && slot->since_event <= event_id));
}

void
claims_keep(
    struct claims *c, struct claims_pair pair, int64_t since, int64_t since_event, int64_t until)
{
	c->slots[pair.device % CLAIMS_SLOTS] =
	    (struct claims_slot){ pair, since, since_event, until };
}

void
claims_drop(struct claims *c, struct claims_pair pair)
{
	c->slots[pair.device % CLAIMS_SLOTS].until = 0;
}

void
claims_clear(struct claims *c)
{
	memset(c->slots, 0, sizeof(c->slots));
}
