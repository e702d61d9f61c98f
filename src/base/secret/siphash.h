/*
 * SipHash-2-4, a keyed 64-bit hash: without the key nobody can choose texts that collide (Aumasson
 * and Bernstein, "SipHash: a fast short-input PRF", 2012). Pure; any thread.
 */
#ifndef BASE_SECRET_SIPHASH_H
#define BASE_SECRET_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0;
	uint64_t k1;
};

uint64_t siphash(const struct siphash_key *key, const void *p, size_t n);

#endif
