/*
 * When an event is too old (max_age), by a wall clock that may jump. Pure; one thread.
 *
 * The wall clock is believed only while it shows a date after this program was written, and has
 * kept step with the monotonic clock for max_age since it last jumped by more than a minute: by
 * then, what came before the jump is that old, and what came later has the right date. Otherwise
 * nothing expires: an event that stays too long is better than one lost to a clock.
 *
 * A jump must not be forgotten by a restart, nor pass unseen while no process runs: the outbox
 * remembers the clocks (struct age_memory). Within one boot of the machine both clocks go on, so a
 * jump in between shows. After another boot only a wall clock that went back shows; how much of a
 * long gap is true cannot be known, so more than a day counts as a jump, too.
 */
#ifndef DISPATCH_AGE_H
#define DISPATCH_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define AGE_FLOOR CLOCK_FLOOR
#define AGE_JUMP_MS 60000
#define AGE_NONE INT64_MIN

struct age {
	bool known;
	bool jumped;
	int64_t offset;    /* wall - mono at the last look */
	int64_t jumped_ms; /* monotonic */
};

/* What outlives the process. Wall ms of the clock as it is since the jump. */
struct age_memory {
	uint64_t boot;     /* which boot of the machine; 0: nothing is remembered */
	int64_t offset;    /* wall - mono */
	int64_t seen_at;   /* the last look */
	int64_t jumped_at; /* the last jump; 0: none is known */
};

/* How old a memory may get before it is replaced. */
#define AGE_REMEMBER_MS INT64_C(3600000)
/* The longest time without a process, across a boot, that is believed. */
#define AGE_GAP_MS INT64_C(86400000)

/* At the start of a process, in place of the first look. */
void age_recall(
    struct age *a, const struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono);
/* After a look: true when *m was out of date, and has been replaced. */
bool age_remember(
    const struct age *a, struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono);
/* Looks at the clocks. To be called often, so that a jump can be told from a drift. */
void age_look(struct age *a, int64_t wall, int64_t mono);
/* Events received before this wall time are too old; AGE_NONE: unknown. max_age_ms 0: never.
 */
int64_t age_limit(const struct age *a, int64_t max_age_ms, int64_t wall, int64_t mono);
bool age_is_over(int64_t limit, int64_t received_at);

#endif
