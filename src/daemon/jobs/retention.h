/*
 * Retention as a job of the daemon: soon after the start and then every hour, in steps. Main
 * thread.
 *
 * Ages depend on a wall clock that may jump: dispatch/age.h says how far to trust it. `history` is
 * borrowed; daemon/clocks.h keeps it up to date.
 */
#ifndef DAEMON_JOBS_RETENTION_H
#define DAEMON_JOBS_RETENTION_H

#include "base/clock.h"
#include "config/config.h"
#include "dispatch/age.h"
#include "outbox/operate/purge.h"

struct retention;

/* Converts the settings to limits as of the last reading of the clocks. */
void retention_limits(const struct config_retention *settings, const struct clock_history *history,
    struct purge_limits *ret_limits);

int retention_new(struct outbox *outbox, const struct clock *clock,
    const struct clock_history *history, struct retention **ret_retention, struct err *e);
/* Call it after outbox_stop: until then the writer may hold the job's message. NULL is allowed. */
void retention_free(struct retention *r);
/* Call it once a second. */
void retention_tick(struct retention *r, const struct config_retention *settings);
/* Gives the limits for a purge that an operator starts now. */
void retention_now(
    const struct retention *r, const struct config_retention *settings, struct purge_limits *ret);

#endif
