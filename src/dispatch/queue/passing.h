/*
 * Counts the due events that one reading skips, at most FILL_LOOK_MAX: events that are blocked,
 * events for another endpoint, and unfit events for which the list has no room. For one reading;
 * one thread.
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
	bool run; /* every event read so far is blocked by a delayed one */
};

/* Skips an event. READING_ENOUGH: FILL_LOOK_MAX events have been skipped. */
enum reading pass_over(struct passing *p);
/* Whether an older event of the address blocks this one. */
bool passing_is_blocked(const struct fill *f, uint64_t address, int64_t id);
/* Skips a blocked event. */
enum reading pass_over_blocked(
    struct passing *p, const struct fill *f, uint64_t address, int64_t id);
/* Puts the event on the unfit list, or skips it. */
enum reading pass_over_unfit(struct passing *p, const struct fill *f, int64_t id,
    const char *reason, enum event_status status);
/* Like pass_over_unfit, for an event that is too old. */
enum reading pass_over_expired(struct passing *p, const struct fill *f, int64_t id);

/* Like pass_over_unfit, for an event that the disk changed: it is held for a person. */
enum reading pass_over_damaged(
    struct passing *p, const struct fill *f, const struct outbox_event *event);

#endif
