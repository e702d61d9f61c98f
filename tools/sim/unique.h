/*
 * The memory for details.unique.key: which keys were seen, by 64-bit hashes.
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
	uint64_t *slot; /* 0 is free */
	size_t used;
};

struct unique {
	struct unique_table newer;
	struct unique_table older;
	size_t n_slots; /* of each; a power of two */
	size_t most;    /* entries of each */
};

/* most 0: remembers nothing. */
int unique_init(struct unique *u, size_t most, struct err *e);
void unique_free(struct unique *u);

/* The hash of the parts, in order and kept apart. */
uint64_t unique_hash(const struct slice *part, size_t n);
bool unique_has(const struct unique *u, uint64_t hash);
void unique_add(struct unique *u, uint64_t hash);

#endif
