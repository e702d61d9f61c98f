/* A ring of the last failures, which is small enough to be counted each time. Nothing fails. */
#include "admin/who/attempts.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool
is_trusted(const struct attempts *a, const struct who_address *from)
{
	for (unsigned i = 0; i < a->n_trusted; i++)
		if (who_address_equals(&a->trusted[i], from))
			return true;
	return false;
}

/* Returns the time until which `max` failures of the address (NULL: of all) count; 0 when there are
 * fewer. The ring is in the order of time, so the failure that ends first comes first. */
static int64_t
full_until(const struct attempts *a, const struct who_address *from, unsigned max, int64_t now)
{
	unsigned n = 0;

	for (unsigned back = 1; back <= ATTEMPTS_KEPT; back++) {
		const struct attempt *f =
		    &a->failed[(a->next + ATTEMPTS_KEPT - back) % ATTEMPTS_KEPT];

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
	int64_t all = is_trusted(a, from) ? 0 : full_until(a, NULL, ATTEMPTS_IN_ALL, now);

	if (all > until)
		until = all;
	return until == 0 ? 0 : (unsigned)((until - now + 999) / 1000);
}

static bool
is_repeated(const struct attempts *a, const struct who_address *from,
    const unsigned char digest[SHA256_SIZE], int64_t now)
{
	for (unsigned i = 0; i < ATTEMPTS_KEPT; i++) {
		const struct attempt *f = &a->failed[i];

		if (f->until > now && who_address_equals(&f->from, from)
		    && memcmp(f->digest, digest, SHA256_SIZE) == 0)
			return true;
	}
	return false;
}

void
attempts_failed(struct attempts *a, const struct who_address *from,
    const unsigned char digest[SHA256_SIZE], int64_t now)
{
	struct attempt *f = &a->failed[a->next];

	if (is_repeated(a, from, digest, now))
		return;
	f->from = *from;
	memcpy(f->digest, digest, SHA256_SIZE);
	f->until = now + ATTEMPTS_PERIOD_MS;
	a->next = (a->next + 1) % ATTEMPTS_KEPT;
}

void
attempts_succeeded(struct attempts *a, const struct who_address *from)
{
	if (is_trusted(a, from))
		return;
	a->trusted[a->next_trusted] = *from;
	a->next_trusted = (a->next_trusted + 1) % ATTEMPTS_TRUSTED;
	if (a->n_trusted < ATTEMPTS_TRUSTED)
		a->n_trusted++;
}
