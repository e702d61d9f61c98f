/* A linear search finds the word: there are few. Nothing fails. */
#include "base/meter/word_counts.h"

#include <string.h>

static size_t
find(const struct word_counts *c, size_t n, const char *word)
{
	size_t i = 0;

	while (i < n && strcmp(c->place[i].word, word) != 0)
		i++;
	return i;
}

void
word_counts_add(struct word_counts *c, const char *word)
{
	size_t n = atomic_load_explicit(&c->n, memory_order_relaxed), i = find(c, n, word);
	uint64_t before;

	if (i >= WORD_COUNTS_MAX - 1) {
		word = WORD_COUNTS_OTHER;
		i = WORD_COUNTS_MAX - 1;
	}
	if (i == n)
		c->place[i].word = word;
	before = atomic_load_explicit(&c->place[i].count, memory_order_relaxed);
	atomic_store_explicit(&c->place[i].count, before + 1, memory_order_relaxed);
	if (i == n)
		atomic_store_explicit(&c->n, n + 1, memory_order_release);
}

size_t
word_counts_n(const struct word_counts *c)
{
	return atomic_load_explicit(&c->n, memory_order_acquire);
}

const char *
word_counts_read(const struct word_counts *c, size_t i, uint64_t *ret_count)
{
	*ret_count = atomic_load_explicit(&c->place[i].count, memory_order_relaxed);
	return c->place[i].word;
}
