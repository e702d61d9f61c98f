/*
 * Decides when an event is too old (max_age), by a wall clock that may jump. Pure; one thread.
 *
 * The wall clock is trusted only while it shows a date after this program was written, and only if
 * it has kept step with the monotonic clock for max_age since its last jump of more than a minute.
 * After that time, events from before the jump are certainly older than max_age, and later events
 * have the right date. Otherwise nothing expires: an event that stays too long is better than one
 * lost because of a wrong clock.
 *
 * The outbox stores the clocks (struct age_memory), so that a restart does not forget a jump, and a
 * jump while no process runs is noticed. Within one boot of the machine both clocks run on, so
 * every jump can be seen. After a reboot, only a wall clock that went back can be seen. A long gap
 * may be real time or a jump, so a gap of more than a day counts as a jump, too.
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

/* Stored in the outbox for the next process. Times are wall ms, by the wall clock as it is after
 * the last jump. */
struct age_memory {
	uint64_t boot;     /* which boot of the machine; 0: nothing is remembered */
	int64_t offset;    /* wall - mono */
	int64_t seen_at;   /* the last look */
	int64_t jumped_at; /* the last jump; 0: none known */
};

/* age_remember replaces a memory that is older than this. */
#define AGE_REMEMBER_MS INT64_C(3600000)
/* After a reboot, a gap of more than this since the last look counts as a jump. */
#define AGE_GAP_MS INT64_C(86400000)

/* Call it at the start of a process, instead of the first age_look. */
void age_recall(
    struct age *a, const struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono);
/* Call it after age_look. Returns true when *m was out of date and has been replaced. */
bool age_remember(
    const struct age *a, struct age_memory *m, uint64_t boot, int64_t wall, int64_t mono);
/* Compares the clocks with the last look. Call it often: then a slow drift is not taken for a
 * jump. */
void age_look(struct age *a, int64_t wall, int64_t mono);
/* Returns the wall time before which a received event is too old; AGE_NONE when max_age_ms is 0 or
 * the wall clock is not trusted. */
int64_t age_limit(const struct age *a, int64_t max_age_ms, int64_t wall, int64_t mono);
bool age_is_over(int64_t limit, int64_t received_at);

#endif
