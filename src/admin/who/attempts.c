/* A ring of the last failures, which is small enough to be counted each time. Nothing fails. */
#include "admin/who/attempts.h"

#include <stddef.h>

/* Returns the time until which `max` failures of the address (NULL: of all) count; 0 when there are
 * fewer. The ring is in the order of time, so the failure that ends first comes first. */
static int64_t
full_until(const struct attempts *a, const struct who_address *from, unsigned max, int64_t now)
{
	unsigned n = 0;

	for (unsigned back = 1; back <= ATTEMPTS_IN_ALL; back++) {
		const struct attempt *f =
		    &a->failed[(a->next + ATTEMPTS_IN_ALL - back) % ATTEMPTS_IN_ALL];

		if (f->until <= now || (from != NULL && !who_address_equals(&f->from, from)))
			continue;
		if (++n == max)
			return f->until;
	}
	return 0;
}

unsigned
attempts_wait(const struct attempts *a, const struct who_address *from, int64_t now)
{
	int64_t until = full_until(a, from, ATTEMPTS_PER_ADDRESS, now);
	int64_t all = full_until(a, NULL, ATTEMPTS_IN_ALL, now);

	if (all > until)
		until = all;
	return until == 0 ? 0 : (unsigned)((until - now + 999) / 1000);
}

void
attempts_failed(struct attempts *a, const struct who_address *from, int64_t now)
{
	struct attempt *f = &a->failed[a->next];

	f->from = *from;
	f->until = now + ATTEMPTS_PERIOD_MS;
	a->next = (a->next + 1) % ATTEMPTS_IN_ALL;
}
