/*
 * The daemon's job for delete calls: erases the persons that those calls name, one after another
 * and in steps, within a second or two of the call. Main thread.
 */
#ifndef DAEMON_JOBS_ERASURES_H
#define DAEMON_JOBS_ERASURES_H

#include "base/clock.h"
#include "base/err.h"
#include "outbox/outbox.h"

struct erasures;

int erasures_new(struct outbox *outbox, const struct clock *clock, struct erasures **ret_erasures,
    struct err *e);
/* Call it after outbox_stop: until then the writer may hold the job's message. NULL is allowed. */
void erasures_free(struct erasures *s);
/* Call it once a second. */
void erasures_tick(struct erasures *s);

#endif
