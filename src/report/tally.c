/*
 * A hash table with open addressing that never grows and never fails: keys past the maximum, or
 * without memory, share one value. The hash is keyed, because strangers choose the keys.
 */
#include "report/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret/siphash.h"

struct entry {
	struct slice key; /* stored behind the value, in the same memory */
	uint64_t hash;
	int64_t weight;
	void *value;
};

struct tally {
	struct siphash_key seed;
	size_t max_keys;
	size_t value_size;
	struct entry *entries;
	size_t n;
	size_t *slots; /* 1 + the index of the entry; 0 for a free slot */
	size_t n_slots;
	void *rest;
};

struct tally *
tally_new(size_t max_keys, size_t value_size)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->max_keys = max_keys;
	t->value_size = value_size;
	t->n_slots = 2 * max_keys + 1;
	t->entries = calloc(max_keys, sizeof(*t->entries));
	t->slots = calloc(t->n_slots, sizeof(*t->slots));
	t->rest = calloc(1, value_size);
	if (t->entries == NULL || t->slots == NULL || t->rest == NULL) {
		tally_free(t);
		return NULL;
	}
	rand_system(&t->seed, sizeof(t->seed), NULL);
	return t;
}

void
tally_free(struct tally *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->entries[i].value);
	free(t->entries);
	free(t->slots);
	free(t->rest);
	free(t);
}

static void *
add(struct tally *t, struct slice key, uint64_t hash, size_t *slot)
{
	char *memory;

	if (t->n == t->max_keys)
		return t->rest;
	memory = calloc(1, t->value_size + key.n + 1);
	if (memory == NULL)
		return t->rest;
	if (key.n > 0)
		memcpy(memory + t->value_size, key.p, key.n);
	t->entries[t->n++] = (struct entry){
		.key = { memory + t->value_size, key.n },
		.hash = hash,
		.value = memory,
	};
	*slot = t->n;
	return memory;
}

void *
tally_at(struct tally *t, struct slice key)
{
	uint64_t hash;
	size_t i;

	if (key.p == NULL)
		key = SLICE("");
	hash = siphash(&t->seed, key.p, key.n);
	i = hash % t->n_slots;
	for (; t->slots[i] != 0; i = (i + 1) % t->n_slots) {
		struct entry *entry = &t->entries[t->slots[i] - 1];

		if (entry->hash == hash && slice_equals(entry->key, key))
			return entry->value;
	}
	return add(t, key, hash, &t->slots[i]);
}

void *
tally_rest(struct tally *t)
{
	return t->rest;
}

static int
compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return strcmp(a->key.p, b->key.p);
}

void
tally_sort(struct tally *t, int64_t (*weight)(const void *value))
{
	for (size_t i = 0; i < t->n; i++)
		t->entries[i].weight = weight(t->entries[i].value);
	qsort(t->entries, t->n, sizeof(*t->entries), compare);
	memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++) {
		size_t slot = t->entries[i].hash % t->n_slots;

		while (t->slots[slot] != 0)
			slot = (slot + 1) % t->n_slots;
		t->slots[slot] = i + 1;
	}
}

size_t
tally_count(const struct tally *t)
{
	return t->n;
}

struct slice
tally_key(const struct tally *t, size_t i)
{
	return t->entries[i].key;
}

void *
tally_value(const struct tally *t, size_t i)
{
	return t->entries[i].value;
}
