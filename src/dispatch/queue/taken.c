/*
 * The taken events: one sorted array, because most lookups are for the newest ids. Only growing can
 * fail.
 */
#include "dispatch/queue/taken.h"

#include <stdlib.h>
#include <string.h>

int
taken_reserve(struct taken *s, size_t max, struct err *e)
{
	int64_t *ids;

	if (max <= s->max)
		return 0;
	ids = reallocarray(s->ids, max, sizeof(*ids));
	if (ids == NULL)
		return err_nomem(e);
	s->ids = ids;
	s->max = max;
	return 0;
}

void
taken_free(struct taken *s)
{
	free(s->ids);
	*s = (struct taken){ .n = 0 };
}

void
taken_clear(struct taken *s)
{
	s->n = 0;
}

/* Returns the index of id, or the index at which it would be inserted. */
static size_t
place_of(const struct taken *s, int64_t id)
{
	size_t low = 0, high = s->n;

	/* New events come last: most lookups are for ids past the end. */
	if (s->n > 0 && s->ids[s->n - 1] < id)
		return s->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
taken_has(const struct taken *s, int64_t id)
{
	size_t at = place_of(s, id);

	return at < s->n && s->ids[at] == id;
}

int
taken_add(struct taken *s, const int64_t *ids, size_t n)
{
	size_t added = 0, from = s->n, to;

	for (size_t i = 0; i < n; i++)
		added += !taken_has(s, ids[i]);
	if (added > s->max - s->n)
		return -1;
	/* Merges from the back, so that each id moves once. */
	to = s->n += added;
	while (n > 0) {
		if (from > 0 && s->ids[from - 1] >= ids[n - 1]) {
			n -= s->ids[from - 1] == ids[n - 1];
			s->ids[--to] = s->ids[--from];
		} else {
			s->ids[--to] = ids[--n];
		}
	}
	return 0;
}

void
taken_remove(struct taken *s, const int64_t *ids, size_t n)
{
	size_t to, i = 0;

	if (n == 0)
		return;
	to = place_of(s, ids[0]);
	for (size_t from = to; from < s->n; from++) {
		while (i < n && ids[i] < s->ids[from])
			i++;
		if (i < n && ids[i] == s->ids[from])
			continue;
		s->ids[to++] = s->ids[from];
	}
	s->n = to;
}
