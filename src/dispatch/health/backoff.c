/*
 * The wait after failures in a row. Pure; no setting, however large, can overflow.
 */
#include "dispatch/health/backoff.h"

int64_t
backoff_ceiling(unsigned n, int64_t first_ms, int64_t max_ms)
{
	int64_t ceiling = first_ms < 1 ? 1 : first_ms;

	/* Compares with half of max_ms before it doubles, so that no setting can overflow. */
	for (; n > 1 && ceiling < max_ms; n--)
		ceiling = ceiling > max_ms / 2 ? max_ms : ceiling * 2;
	if (ceiling > max_ms)
		ceiling = max_ms;
	return ceiling < 1 ? 1 : ceiling;
}

int64_t
backoff_wait(unsigned n, int64_t first_ms, int64_t max_ms, struct rand *chance)
{
	uint64_t ceiling = (uint64_t)backoff_ceiling(n, first_ms, max_ms);

	return 1 + (int64_t)rand_below(chance, ceiling);
}
