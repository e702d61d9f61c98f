#include "dispatch/age.h"

void
age_look(struct age *a, int64_t wall, int64_t mono)
{
	int64_t offset = wall - mono;
	int64_t change = offset - a->offset;

	if (a->known && (change > AGE_JUMP_MS || change < -AGE_JUMP_MS)) {
		a->jumped = true;
		a->jumped_ms = mono;
	}
	a->known = true;
	a->offset = offset;
}

int64_t
age_limit(const struct age *a, int64_t max_age_ms, int64_t wall, int64_t mono)
{
	if (max_age_ms == 0 || wall < AGE_FLOOR)
		return AGE_NONE;
	if (a->jumped && mono - a->jumped_ms < max_age_ms)
		return AGE_NONE;
	return wall - max_age_ms;
}

bool
age_is_over(int64_t limit, int64_t received_at)
{
	return received_at >= AGE_FLOOR && received_at < limit;
}
