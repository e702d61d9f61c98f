/*
 * The unique keys that the simulator has seen, as hashes in two tables of fixed size: when the
 * newer one is full it becomes the older one. Only the allocation at the start can fail.
 */
#include "sim/unique.h"

#include <stdlib.h>
#include <string.h>

int
unique_init(struct unique *u, size_t most, struct err *e)
{
	*u = (struct unique){ .most = (most + 1) / 2, .n_slots = 2 };
	if (most == 0)
		return 0;
	while (u->n_slots < u->most * 2)
		u->n_slots *= 2;
	u->newer.slot = calloc(u->n_slots, sizeof(uint64_t));
	u->older.slot = calloc(u->n_slots, sizeof(uint64_t));
	if (u->newer.slot != NULL && u->older.slot != NULL)
		return 0;
	unique_free(u);
	return err_nomem(e);
}

void
unique_free(struct unique *u)
{
	free(u->newer.slot);
	free(u->older.slot);
	*u = (struct unique){ 0 };
}

/* FNV-1a over the bytes, then a mix so that the low bits are good enough for a table. */
uint64_t
unique_hash(const struct slice *part, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < part[i].n; k++)
			h = (h ^ (unsigned char)part[i].p[k]) * UINT64_C(0x100000001b3);
		h = (h ^ 0x1ff) * UINT64_C(0x100000001b3);
	}
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	return h == 0 ? 1 : h;
}

static size_t
find_slot(const struct unique *u, const struct unique_table *t, uint64_t hash)
{
	size_t i = (size_t)hash & (u->n_slots - 1);

	while (t->slot[i] != 0 && t->slot[i] != hash)
		i = (i + 1) & (u->n_slots - 1);
	return i;
}

bool
unique_has(const struct unique *u, uint64_t hash)
{
	if (u->most == 0)
		return false;
	return u->newer.slot[find_slot(u, &u->newer, hash)] != 0
	       || u->older.slot[find_slot(u, &u->older, hash)] != 0;
}

void
unique_add(struct unique *u, uint64_t hash)
{
	size_t i;

	if (u->most == 0)
		return;
	if (u->newer.used == u->most) {
		struct unique_table forgotten = u->older;

		u->older = u->newer;
		memset(forgotten.slot, 0, u->n_slots * sizeof(uint64_t));
		forgotten.used = 0;
		u->newer = forgotten;
	}
	i = find_slot(u, &u->newer, hash);
	if (u->newer.slot[i] == 0)
		u->newer.used++;
	u->newer.slot[i] = hash;
}
