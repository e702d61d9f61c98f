/*
 * The byte budget of a link: each request delays the next one by its cost.
 * Cannot fail.
 */
#include "dispatch/link/budget.h"

#define HOUR_MS INT64_C(3600000)

void
budget_init(struct budget *b, int64_t bytes_per_hour)
{
	*b = (struct budget){ .bytes_per_hour = bytes_per_hour, .next_ms = INT64_MIN };
}

void
budget_configure(struct budget *b, int64_t bytes_per_hour)
{
	b->bytes_per_hour = bytes_per_hour;
}

int64_t
budget_wait(const struct budget *b, int64_t now_ms)
{
	return b->bytes_per_hour == 0 || now_ms >= b->next_ms ? 0 : b->next_ms - now_ms;
}

void
budget_spend(struct budget *b, int64_t now_ms, int64_t n)
{
	/* Rounded up: never more bytes in an hour than allowed. */
	if (b->bytes_per_hour > 0)
		b->next_ms =
		    now_ms
		    + ((n + BUDGET_REQUEST) * HOUR_MS + b->bytes_per_hour - 1) / b->bytes_per_hour;
}
