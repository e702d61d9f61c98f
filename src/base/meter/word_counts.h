/*
 * Counts by a word, such as the reason of a refusal: one thread adds, any thread reads.
 */
#ifndef BASE_METER_WORD_COUNTS_H
#define BASE_METER_WORD_COUNTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WORD_COUNTS_MAX 64        /* the last place counts all words that have no place */
#define WORD_COUNTS_OTHER "other" /* the word of the last place */

/* Zeroed, it is empty. A place is written once, before n makes it visible; only its count grows. */
struct word_counts {
	_Atomic size_t n;
	struct word_count {
		const char *word; /* static */
		_Atomic uint64_t count;
	} place[WORD_COUNTS_MAX];
};

/* word must be static. */
void word_counts_add(struct word_counts *c, const char *word);
/* Returns how many words there are; word_counts_read takes a smaller index. */
size_t word_counts_n(const struct word_counts *c);
const char *word_counts_read(const struct word_counts *c, size_t i, uint64_t *ret_count);

#endif
