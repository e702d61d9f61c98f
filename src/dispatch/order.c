#include "dispatch/order.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64
/* More of an address does not count: nobody's is longer. */
#define ADDRESS_MAX 1024

/* ---- the set -------------------------------------------------------------------------------- */

void
order_set_init(struct order_set *s, size_t max)
{
	*s = (struct order_set){ .max = max };
}

void
order_set_free(struct order_set *s)
{
	free(s->slots);
	*s = (struct order_set){ .max = s->max };
}

void
order_set_clear(struct order_set *s)
{
	if (s->n > 0)
		memset(s->slots, 0, s->room * sizeof(*s->slots));
	s->n = 0;
}

/* All entries of an address stand in one run without gaps, which begins at its home. */
static size_t
home_of(const struct order_set *s, uint64_t address)
{
	return (size_t)address & (s->room - 1);
}

static size_t
find(const struct order_set *s, uint64_t address, int64_t id)
{
	size_t at = home_of(s, address);

	while (s->slots[at].id != 0 && (s->slots[at].id != id || s->slots[at].address != address))
		at = (at + 1) & (s->room - 1);
	return at;
}

static int
grow(struct order_set *s, size_t room)
{
	struct order_set grown = { .room = room, .n = s->n, .max = s->max };

	grown.slots = calloc(room, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return -1;
	for (size_t i = 0; i < s->room; i++)
		if (s->slots[i].id != 0)
			grown.slots[find(&grown, s->slots[i].address, s->slots[i].id)] =
			    s->slots[i];
	free(s->slots);
	*s = grown;
	return 0;
}

int
order_set_add(struct order_set *s, uint64_t address, int64_t id)
{
	size_t at;

	if (s->room < (s->n + 1) * 2 && grow(s, s->room == 0 ? ROOM_FIRST : s->room * 2) != 0)
		return -1;
	at = find(s, address, id);
	if (s->slots[at].id != 0)
		return 0;
	if (s->n == s->max)
		return -1;
	s->slots[at] = (struct order_entry){ address, id };
	s->n++;
	return 0;
}

void
order_set_remove(struct order_set *s, uint64_t address, int64_t id)
{
	size_t hole, at;

	if (s->room == 0)
		return;
	hole = find(s, address, id);
	if (s->slots[hole].id == 0)
		return;
	s->n--;
	/* What stands behind the hole moves into it, unless its home lies behind the hole. */
	for (at = (hole + 1) & (s->room - 1); s->slots[at].id != 0; at = (at + 1) & (s->room - 1)) {
		size_t from_home = (at - home_of(s, s->slots[at].address)) & (s->room - 1);

		if (from_home < ((at - hole) & (s->room - 1)))
			continue;
		s->slots[hole] = s->slots[at];
		hole = at;
	}
	s->slots[hole].id = 0;
}

bool
order_set_has(const struct order_set *s, uint64_t address, int64_t before_id)
{
	if (s->n == 0)
		return false;
	for (size_t at = home_of(s, address); s->slots[at].id != 0; at = (at + 1) & (s->room - 1))
		if (s->slots[at].address == address && s->slots[at].id < before_id)
			return true;
	return false;
}

/* ---- who has to wait ------------------------------------------------------------------------ */

int
order_init(struct order *o, size_t max_flying, struct rand *chance, struct err *e)
{
	size_t room = ROOM_FIRST;

	*o = (struct order){ .not_kept = INT64_MAX };
	o->key.k0 = rand_u64(chance);
	o->key.k1 = rand_u64(chance);
	order_set_init(&o->flying, max_flying);
	order_set_init(&o->waiting, ORDER_DELAYED_MAX);
	/* All of it now: what flies must never be forgotten for want of memory. */
	while (room < (max_flying + 1) * 2)
		room *= 2;
	return grow(&o->flying, room) == 0 ? 0 : err_nomem(e);
}

void
order_free(struct order *o)
{
	order_set_free(&o->flying);
	order_set_free(&o->waiting);
}

uint64_t
order_address(const struct order *o, struct slice address)
{
	char folded[ADDRESS_MAX];
	size_t n = address.n < sizeof(folded) ? address.n : sizeof(folded);

	for (size_t i = 0; i < n; i++) {
		char c = address.p[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	return siphash(&o->key, folded, n);
}

void
order_take_off(struct order *o, const uint64_t *addresses, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		order_set_add(&o->flying, addresses[i], ids[i]);
		/* From now on the flight holds the later ones back. */
		order_set_remove(&o->waiting, addresses[i], ids[i]);
	}
}

void
order_land(struct order *o, const uint64_t *addresses, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order_set_remove(&o->flying, addresses[i], ids[i]);
}

bool
order_is_flying(const struct order *o, uint64_t address)
{
	return order_set_has(&o->flying, address, INT64_MAX);
}

void
order_wait(struct order *o, uint64_t address, int64_t id)
{
	if (order_set_add(&o->waiting, address, id) != 0 && id < o->not_kept)
		o->not_kept = id;
}

void
order_forget_delayed(struct order *o)
{
	order_set_clear(&o->waiting);
	o->not_kept = INT64_MAX;
}

bool
order_is_held_back(const struct order *o, uint64_t address, int64_t id)
{
	return id > o->not_kept || order_set_has(&o->waiting, address, id);
}
