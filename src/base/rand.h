/*
 * Random numbers, which a test can replay from a seed. Not for secrets, except rand_system(). A
 * struct rand belongs to one thread.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rand {
	uint64_t s[4];
};

void rand_seed(struct rand *r, uint64_t seed);
/* Seeds from the system's entropy. */
int rand_seed_system(struct rand *r, struct err *e);
uint64_t rand_u64(struct rand *r);
/* Uniform in 0 .. n-1; 0 when n is 0. */
uint64_t rand_below(struct rand *r, uint64_t n);

/* Fills n bytes from the system's entropy. Suitable for keys. */
int rand_system(void *p, size_t n, struct err *e);

#endif
