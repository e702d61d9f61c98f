/*
 * Bloom filters of equal size in one array: a lookup touches one or two cache lines. Fails only
 * without memory.
 */
#include "outbox/dedup/filter.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/dedup/entry.h"

#define WORD_BITS 32

int
dedup_filter_open(
    struct dedup_filter *f, size_t buckets, size_t size, unsigned hashes, struct err *e)
{
	*f = (struct dedup_filter){ .size = size, .buckets = buckets, .hashes = hashes };
	if (size == 0)
		return 0;
	f->words = calloc(buckets, size);
	f->known = calloc(buckets / 8, 1);
	if (f->words != NULL && f->known != NULL)
		return 0;
	dedup_filter_close(f);
	return err_nomem(e);
}

void
dedup_filter_close(struct dedup_filter *f)
{
	free(f->words);
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
static inline size_t
bit_of(const struct dedup_filter *f, uint64_t x)
{
	return (size_t)(x >> 48) * f->size * 8 >> 16;
}

static inline uint32_t *
words_of(const struct dedup_filter *f, uint64_t bucket)
{
	return f->words + bucket * (f->size / sizeof(uint32_t));
}

bool
dedup_filter_may_have(const struct dedup_filter *f, uint64_t bucket, uint64_t low)
{
	const uint32_t *words;
	uint64_t x = spread(low);

	if (!dedup_filter_knows(f, bucket))
		return true;
	words = words_of(f, bucket);
	for (unsigned i = 0; i < f->hashes; i++, x <<= 16) {
		size_t bit = bit_of(f, x);

		if ((words[bit / WORD_BITS] >> bit % WORD_BITS & 1) == 0)
			return false;
	}
	return true;
}

void
dedup_filter_prefetch(const struct dedup_filter *f, uint64_t bucket, uint64_t low)
{
	uint64_t x = spread(low);

	for (unsigned i = 0; f->size > 0 && i < f->hashes; i++, x <<= 16)
		__builtin_prefetch(words_of(f, bucket) + bit_of(f, x) / WORD_BITS);
}

/* A start learns millions of entries with its first events. */
void
dedup_filter_learn(struct dedup_filter *f, uint64_t bucket, const uint64_t *entries, size_t n)
{
	uint32_t *words;

	if (f->size == 0)
		return;
	words = words_of(f, bucket);
	memset(words, 0, f->size);
	for (size_t i = 0; i < n; i++) {
		uint64_t x = spread(dedup_entry_key(entries[i]));

		for (unsigned k = 0; k < f->hashes; k++, x <<= 16) {
			size_t bit = bit_of(f, x);

			words[bit / WORD_BITS] |= UINT32_C(1) << bit % WORD_BITS;
		}
	}
	f->known[bucket / 8] = (unsigned char)(f->known[bucket / 8] | 1u << (bucket % 8));
}
