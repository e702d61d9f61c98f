/* Whether a word that nobody knows is a misspelled one, for "did you mean". Pure; any thread. */
#ifndef BASE_SIMILAR_H
#define BASE_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Longer words are never similar. */
#define SIMILAR_MAX 48
#define SIMILAR_NONE (SIMILAR_MAX + 1)

static inline unsigned
similar_least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Returns how many letters must be inserted, removed or replaced, or exchanged with their neighbor,
 * to make one word of the other (the distance of Damerau and Levenshtein); letters differ by case.
 * Returns SIMILAR_NONE when a word is too long.
 */
static inline unsigned
similar_distance(const char *a, const char *b)
{
	unsigned rows[3][SIMILAR_MAX + 1] = { 0 };
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *oldest;
	size_t n = strlen(a), m = strlen(b);

	if (n > SIMILAR_MAX || m > SIMILAR_MAX)
		return SIMILAR_NONE;
	for (unsigned j = 0; j <= m; j++)
		above[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			row[j] = similar_least(above[j], row[j - 1]) + 1;
			row[j] = similar_least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = similar_least(row[j], before[j - 2] + 1);
		}
		oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[m];
}

/*
 * Whether the known word is nearer to the wrong one than *distance, and near enough to be meant; if
 * so stores its distance. A search for the nearest word begins with SIMILAR_NONE. At most a third
 * of the known word's letters may be wrong, so that short words do not match by accident.
 */
static inline bool
similar_is_nearer(const char *wrong, const char *known, unsigned *distance)
{
	unsigned found = similar_distance(wrong, known);

	if (found >= *distance || (size_t)found * 3 > strlen(known))
		return false;
	*distance = found;
	return true;
}

#endif
