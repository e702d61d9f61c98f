/*
 * Decides how old an event is, by a wall clock that may be wrong. Pure; one thread for each
 * history.
 *
 * Age is counted in proven time: milliseconds that have passed for certain. The rule, in one place:
 *
 *	1. Within one boot, what the monotonic clock counts has passed.
 *	2. Between two moments at which the wall clock was confirmed, what the wall clock says has
 *	   passed. NTP confirms the wall clock (the kernel knows), and so does the Date of an answer
 *	   from Bento. Time at which the machine was off, asleep or a paused virtual machine counts
 *	   by this rule.
 *	3. Between two boots, up to AGE_GAP_MS by the wall clock has passed.
 *	4. Between two boots, a longer gap, up to AGE_ABSENCE_MAX_MS, has passed as soon as the wall
 *	   clock has moved on by as much again. Another jump in between, or a Date from Bento that
 *	   differs, ends the hope.
 *	5. Anything else that the wall clock says counts for nothing.
 *
 * So a machine that is off every night or weekend ages its events normally, with NTP or without,
 * and a clock that jumps, years ahead or back, ages nothing. In doubt an event stays. The doubt
 * ends: after max_age of proven time, that is, at the latest when the machine has been on for so
 * long.
 *
 * A confirmation may be stale: a virtual machine that was paused shows an old time until NTP asks
 * again. A jump within a boot therefore takes back the confirmations of the last AGE_STALE_MS.
 *
 * Not used: the times of files come from the same clock, and the times of senders from anybody who
 * can reach the port.
 */
#ifndef DISPATCH_AGE_H
#define DISPATCH_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "outbox/write/clocks.h"

#define AGE_FLOOR CLOCK_FLOOR
#define AGE_NONE INT64_MIN
/* A smaller change between the wall clock and the monotonic clock is not a jump. */
#define AGE_JUMP_MS 60000
#define AGE_GAP_MS INT64_C(86400000)
#define AGE_ABSENCE_MAX_MS (32 * AGE_GAP_MS)
/* NTP clients ask at least this often. */
#define AGE_STALE_MS INT64_C(3600000)
/* A stored history that is older than this is stored again. */
#define AGE_STORE_MS INT64_C(3600000)

/* What the clocks show at one moment. */
struct age_reading {
	uint64_t boot; /* which boot of the machine; not 0 */
	int64_t wall;
	int64_t mono;
	enum clock_trust trust;
};

/* Takes note of a reading. Call it often: then a slow drift is not taken for a jump. */
void age_look(struct clock_history *h, const struct age_reading *now);
/* Whether `stored` is too old for the next process to continue from. */
bool age_is_unsaved(const struct clock_history *h, const struct clock_history *stored);
/* Returns the wall time before which a received event is too old, as of the last reading; AGE_NONE
 * when max_age_ms is 0 or no event is old for certain. */
int64_t age_limit(const struct clock_history *h, int64_t max_age_ms);
bool age_is_over(int64_t limit, int64_t received_at);

#endif
