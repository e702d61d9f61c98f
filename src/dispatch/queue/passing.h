/*
 * What one reading of due events passes over, because it is blocked, for another endpoint, or unfit
 * without room in the list; at most FILL_LOOK_MAX events. One reading; one thread.
 */
#ifndef DISPATCH_QUEUE_PASSING_H
#define DISPATCH_QUEUE_PASSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/queue/fill.h"

/* What a reading does after an event. */
enum reading { READING_ON, READING_ENOUGH, READING_NO_MEMORY };

struct passing {
	size_t n;
	bool run; /* so far all of them are blocked */
};

enum reading pass_over(struct passing *p);
/* Is an older event of the address in the way? */
bool passing_is_blocked(const struct fill *f, uint64_t address, int64_t id);
/* Passes over a blocked event. */
enum reading pass_over_blocked(
    struct passing *p, const struct fill *f, uint64_t address, int64_t id);
/* The event goes to the unfit list, or is passed over. */
enum reading pass_over_unfit(struct passing *p, const struct fill *f, int64_t id,
    const char *reason, enum event_status status);
/* The same for one that is too old. */
enum reading pass_over_expired(struct passing *p, const struct fill *f, int64_t id);

#endif
