/*
 * Decides when an event is too old. Watches the difference between the wall clock and the monotonic
 * clock, and distrusts the wall clock for max_age after a jump. Pure; cannot fail.
 */
#include "dispatch/age.h"

static void
jump(struct age *a, int64_t mono)
{
	a->jumped = true;
	a->jumped_ms = mono;
}

void
age_look(struct age *a, int64_t wall, int64_t mono)
{
	int64_t offset = wall - mono;
	int64_t change = offset - a->offset;

	if (a->known && (change > AGE_JUMP_MS || change < -AGE_JUMP_MS))
		jump(a, mono);
	a->known = true;
	a->offset = offset;
}

/* Whether the wall clock has not jumped since m->seen_at, as far as the stored values can show. */
static bool
is_in_step(const struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono)
{
	int64_t change = wall - mono - m->offset, gap = wall - m->seen_at;

	if (m->boot == boot)
		return change <= AGE_JUMP_MS && change >= -AGE_JUMP_MS;
	return gap >= -AGE_JUMP_MS && gap <= AGE_GAP_MS;
}

void
age_recall(struct age *a, const struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono)
{
	*a = (struct age){ 0 };
	age_look(a, wall, mono);
	if (m->boot == 0)
		return;
	if (!is_in_step(m, boot, wall, mono))
		jump(a, mono);
	else if (m->jumped_at != 0)
		jump(a, mono - (wall - m->jumped_at));
}

bool
age_remember(const struct age *a, struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono)
{
	struct age_memory now = { .boot = boot, .offset = wall - mono, .seen_at = wall };
	int64_t moved;

	if (a->jumped)
		now.jumped_at = wall - (mono - a->jumped_ms);
	moved = now.jumped_at - m->jumped_at;
	if (m->boot == boot && wall - m->seen_at < AGE_REMEMBER_MS && wall >= m->seen_at
	    && moved < AGE_JUMP_MS && moved > -AGE_JUMP_MS)
		return false;
	*m = now;
	return true;
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
