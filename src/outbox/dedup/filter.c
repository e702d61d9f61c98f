/*
 * Bloom filters of equal size in one array: a lookup touches one or two cache lines. Fails only
 * without memory.
 */
#include "outbox/dedup/filter.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/dedup/entry.h"

int
dedup_filter_open(
    struct dedup_filter *f, size_t buckets, size_t size, unsigned hashes, struct err *e)
{
	*f = (struct dedup_filter){ .size = size, .buckets = buckets, .hashes = hashes };
	if (size == 0)
		return 0;
	f->bits = calloc(buckets, size);
	f->known = calloc(buckets / 8, 1);
	if (f->bits != NULL && f->known != NULL)
		return 0;
	dedup_filter_close(f);
	return err_nomem(e);
}

void
dedup_filter_close(struct dedup_filter *f)
{
	free(f->bits);
	free(f->known);
	*f = (struct dedup_filter){ 0 };
}

void
dedup_filter_forget(struct dedup_filter *f)
{
	if (f->size > 0)
		memset(f->known, 0, f->buckets / 8);
}

bool
dedup_filter_knows(const struct dedup_filter *f, uint64_t bucket)
{
	return f->size > 0 && (f->known[bucket / 8] >> (bucket % 8) & 1) != 0;
}

/* Spreads the low bits of a key: 16 bits for each hash function. */
static uint64_t
spread(uint64_t low)
{
	uint64_t x = low * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 32;
	return x * UINT64_C(0xd6e8feb86659fd93);
}

/* Returns the bit for the top 16 bits of x. */
static size_t
bit_of(const struct dedup_filter *f, uint64_t x)
{
	return (size_t)(x >> 48) * f->size * 8 >> 16;
}

bool
dedup_filter_may_have(const struct dedup_filter *f, uint64_t bucket, uint64_t low)
{
	const unsigned char *bits;
	uint64_t x = spread(low);

	if (!dedup_filter_knows(f, bucket))
		return true;
	bits = f->bits + bucket * f->size;
	for (unsigned i = 0; i < f->hashes; i++, x <<= 16) {
		size_t bit = bit_of(f, x);

		if ((bits[bit / 8] >> (bit % 8) & 1) == 0)
			return false;
	}
	return true;
}

void
dedup_filter_learn(struct dedup_filter *f, uint64_t bucket, const uint64_t *entries, size_t n)
{
	unsigned char *bits;

	if (f->size == 0)
		return;
	bits = f->bits + bucket * f->size;
	memset(bits, 0, f->size);
	for (size_t i = 0; i < n; i++) {
		uint64_t x = spread(dedup_entry_key(entries[i]));

		for (unsigned k = 0; k < f->hashes; k++, x <<= 16) {
			size_t bit = bit_of(f, x);

			bits[bit / 8] = (unsigned char)(bits[bit / 8] | 1u << (bit % 8));
		}
	}
	f->known[bucket / 8] = (unsigned char)(f->known[bucket / 8] | 1u << (bucket % 8));
}
