/*
 * Carries out what delete calls ask for: soon after the call, and after a start what an earlier
 * process left, one person after another, in slices that leave the writer to others in between.
 * Main thread.
 */
#ifndef DAEMON_JOBS_ERASURES_H
#define DAEMON_JOBS_ERASURES_H

#include "base/clock.h"
#include "base/err.h"
#include "outbox/outbox.h"

struct erasures;

int erasures_new(struct outbox *outbox, const struct clock *clock, struct erasures **ret_erasures,
    struct err *e);
/* After outbox_stop: until then the writer may hold its message. NULL is fine. */
void erasures_free(struct erasures *s);
/* Once a second. */
void erasures_tick(struct erasures *s);

#endif
