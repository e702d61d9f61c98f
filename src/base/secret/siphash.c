/*
 * SipHash-2-4, as in the reference implementation. Cannot fail.
 */
#include "base/secret/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t
rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

struct state {
	uint64_t a, b, c, d;
};

/* Inline, like all of this: the state then stays in registers. */
static inline __attribute__((always_inline)) struct state
sip_round(struct state s)
{
	s.a += s.b;
	s.c += s.d;
	s.b = rotate_left(s.b, 13) ^ s.a;
	s.d = rotate_left(s.d, 16) ^ s.c;
	s.a = rotate_left(s.a, 32);
	s.c += s.b;
	s.a += s.d;
	s.b = rotate_left(s.b, 17) ^ s.c;
	s.d = rotate_left(s.d, 21) ^ s.a;
	s.c = rotate_left(s.c, 32);
	return s;
}

static inline __attribute__((always_inline)) struct state
sip_word(struct state s, uint64_t word)
{
	s.d ^= word;
	s = sip_round(sip_round(s));
	s.a ^= word;
	return s;
}

/* The algorithm reads words in little-endian order. */
static inline uint64_t
load_word(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* Returns the n < 8 bytes of the last word. */
static uint64_t
load_rest(const unsigned char *p, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

uint64_t
siphash(const struct siphash_key *key, const void *p, size_t n)
{
	const unsigned char *in = p;
	struct state s = {
		key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d),
		key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t rest = n;

	for (; rest >= 8; rest -= 8, in += 8)
		s = sip_word(s, load_word(in));
	s = sip_word(s, load_rest(in, rest) | (uint64_t)n << 56);
	s.c ^= 0xff;
	s = sip_round(sip_round(sip_round(sip_round(s))));
	return s.a ^ s.b ^ s.c ^ s.d;
}
