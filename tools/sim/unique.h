/*
 * Remembers which values of details.unique.key were seen, by 64-bit hashes.
 *
 * Bounded: of the last `most` keys at least half are remembered. Two tables take turns: when the
 * newer is full the older is forgotten. Belongs to one thread.
 */
#ifndef TOOLS_SIM_UNIQUE_H
#define TOOLS_SIM_UNIQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define UNIQUE_MAX 100000000

struct unique_table {
	uint64_t *slot; /* 0: free */
	size_t used;
};

struct unique {
	struct unique_table newer;
	struct unique_table older;
	size_t n_slots; /* slots of each table; a power of two */
	size_t most;    /* maximum entries of each table */
};

/* most 0: remembers nothing. */
int unique_init(struct unique *u, size_t most, struct err *e);
void unique_free(struct unique *u);

/* Hashes the parts in order, so that their boundaries matter. */
uint64_t unique_hash(const struct slice *part, size_t n);
bool unique_has(const struct unique *u, uint64_t hash);
void unique_add(struct unique *u, uint64_t hash);

#endif
