/*
 * Sorts, merges and searches entries. Cannot fail.
 */
#include "outbox/dedup/entry.h"

#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void
dedup_entries_sort(uint64_t *entries, size_t n)
{
	qsort(entries, n, sizeof(*entries), compare);
}

size_t
dedup_entries_find(const char *entries, size_t n, uint64_t entry)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (dedup_entry_read(entries + middle * DEDUP_ENTRY_SIZE) < entry)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

size_t
dedup_entries_merge(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, uint64_t *to)
{
	size_t i = 0, j = 0, n = 0;

	while (i < n_a || j < n_b) {
		uint64_t next = j == n_b || (i < n_a && a[i] <= b[j]) ? a[i++] : b[j++];

		if (n == 0 || to[n - 1] != next)
			to[n++] = next;
	}
	return n;
}
