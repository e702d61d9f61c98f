#include "dispatch/inflight.h"

#include <stdlib.h>
#include <string.h>

int
inflight_init(struct inflight *s, size_t max, struct err *e)
{
	*s = (struct inflight){ .max = max };
	s->ids = calloc(max, sizeof(*s->ids));
	return s->ids == NULL ? err_nomem(e) : 0;
}

void
inflight_free(struct inflight *s)
{
	free(s->ids);
	*s = (struct inflight){ .max = s->max };
}

/* Where id is, or where it would go. */
static size_t
place_of(const struct inflight *s, int64_t id)
{
	size_t low = 0, high = s->n;

	/* New events come last: most questions are about ids past the end. */
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
inflight_has(const struct inflight *s, int64_t id)
{
	size_t at = place_of(s, id);

	return at < s->n && s->ids[at] == id;
}

int
inflight_add(struct inflight *s, const int64_t *ids, size_t n)
{
	size_t added = 0, from = s->n, to;

	for (size_t i = 0; i < n; i++)
		added += !inflight_has(s, ids[i]);
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
inflight_remove(struct inflight *s, const int64_t *ids, size_t n)
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
