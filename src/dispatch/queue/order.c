/*
 * Keeps events of an address in order, by two sets of events that block later ones. A set uses open
 * addressing. Room for events in flight is reserved in advance, which can fail; a delayed event
 * without room is remembered only by its age.
 */
#include "dispatch/queue/order.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64
/* Only this many bytes of an address count; no valid address is longer. */
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

/* All entries of an address are in one run without gaps, which begins at its home slot. */
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
	/* An entry behind the hole moves into it, unless its home slot lies behind the hole. */
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

/* ---- which events are blocked --------------------------------------------------------------- */

void
order_init(struct order *o, struct rand *chance)
{
	*o = (struct order){ .not_kept = INT64_MAX };
	o->key.k0 = rand_u64(chance);
	o->key.k1 = rand_u64(chance);
	order_set_init(&o->in_flight, 0);
	order_set_init(&o->delayed, ORDER_DELAYED_MAX);
}

int
order_reserve(struct order *o, size_t max_in_flight, struct err *e)
{
	size_t room = ROOM_FIRST;

	if (max_in_flight <= o->in_flight.max)
		return 0;
	/* Allocates everything now: an event in flight must never be forgotten for lack of
	 * memory. */
	while (room < (max_in_flight + 1) * 2)
		room *= 2;
	if (room > o->in_flight.room && grow(&o->in_flight, room) != 0)
		return err_nomem(e);
	o->in_flight.max = max_in_flight;
	return 0;
}

void
order_free(struct order *o)
{
	order_set_free(&o->in_flight);
	order_set_free(&o->delayed);
}

void
order_reset(struct order *o)
{
	order_set_clear(&o->in_flight);
	order_forget_delayed(o);
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
order_depart(struct order *o, const struct members *m)
{
	for (size_t i = 0; i < m->n; i++) {
		order_set_add(&o->in_flight, m->addresses[i], m->ids[i]);
		order_set_remove(&o->delayed, m->addresses[i], m->ids[i]);
	}
}

void
order_land(struct order *o, const struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		order_set_remove(&o->in_flight, m->addresses[i], m->ids[i]);
}

bool
order_is_in_flight(const struct order *o, uint64_t address)
{
	return order_set_has(&o->in_flight, address, INT64_MAX);
}

void
order_delay(struct order *o, uint64_t address, int64_t id)
{
	if (order_set_add(&o->delayed, address, id) != 0 && id < o->not_kept)
		o->not_kept = id;
}

void
order_forget_delayed(struct order *o)
{
	order_set_clear(&o->delayed);
	o->not_kept = INT64_MAX;
}

bool
order_has_delayed(const struct order *o)
{
	return o->delayed.n > 0 || o->not_kept != INT64_MAX;
}

bool
order_is_blocked(const struct order *o, uint64_t address, int64_t id)
{
	return id > o->not_kept || order_set_has(&o->delayed, address, id);
}
