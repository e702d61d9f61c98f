/*
 * Delete calls as a job of the daemon: erases their persons from the database, one after another,
 * in steps; within a second or two of the call. Main thread.
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
