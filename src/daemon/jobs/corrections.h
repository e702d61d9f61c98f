/*
 * Corrects the times of events that came while the machine's clock was not set, as a job of the
 * daemon, which daemon/clocks.c starts. Main thread.
 */
#ifndef DAEMON_JOBS_CORRECTIONS_H
#define DAEMON_JOBS_CORRECTIONS_H

#include <stdbool.h>

#include "base/clock.h"
#include "outbox/outbox.h"

struct corrections;

int corrections_new(struct outbox *outbox, const struct clock *clock,
    struct corrections **ret_corrections, struct err *e);
/* Call it after outbox_stop. NULL is allowed. */
void corrections_free(struct corrections *s);
/* Starts a run that adds `shift` ms to the times of all events stored by then. No other run may be
 * in progress. */
void corrections_begin(struct corrections *s, int64_t shift);
/* Call it once a second after corrections_begin. */
void corrections_tick(struct corrections *s);
bool corrections_are_done(const struct corrections *s);

#endif
