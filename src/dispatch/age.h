/*
 * When an event is too old (max_age), by a wall clock that may jump. Pure; one thread.
 *
 * The wall clock is believed only while it says a date after this program was written, and has gone
 * in step with the monotonic one for as long as max_age since it last jumped (by more than a
 * minute): what was there before the jump is that old by then, and what came later is dated right.
 * Otherwise nothing expires: an event too many is better than one lost to a clock.
 */
#ifndef DISPATCH_AGE_H
#define DISPATCH_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* 2026-01-01 UTC. */
#define AGE_FLOOR INT64_C(1767225600000)
#define AGE_JUMP_MS 60000
#define AGE_NONE INT64_MIN

struct age {
	bool known;
	bool jumped;
	int64_t offset;    /* wall - mono at the last look */
	int64_t jumped_ms; /* monotonic */
};

/* Looks at the clocks; often, so that a jump is told from a drift. */
void age_look(struct age *a, int64_t wall, int64_t mono);
/* Events received before this wall time are too old; AGE_NONE: nobody can say. max_age_ms 0: never.
 */
int64_t age_limit(const struct age *a, int64_t max_age_ms, int64_t wall, int64_t mono);
bool age_is_over(int64_t limit, int64_t received_at);

#endif
