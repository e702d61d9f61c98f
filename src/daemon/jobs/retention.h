/*
 * Retention as a job of the daemon: soon after the start and then every hour, in steps. Main
 * thread.
 *
 * Ages come from a wall clock that may jump: dispatch/age.h says how far it is believed. `age` is
 * borrowed; daemon/clocks.h keeps it up to date.
 */
#ifndef DAEMON_JOBS_RETENTION_H
#define DAEMON_JOBS_RETENTION_H

#include "base/clock.h"
#include "config/config.h"
#include "dispatch/age.h"
#include "outbox/operate/purge.h"

struct retention;

/* What the settings mean at this time. */
void retention_limits(const struct config_retention *settings, const struct age *age, int64_t wall,
    int64_t mono, struct purge_limits *ret_limits);

int retention_new(struct outbox *outbox, const struct clock *clock, const struct age *age,
    struct retention **ret_retention, struct err *e);
/* After outbox_stop: until then the writer may hold its message. NULL is fine. */
void retention_free(struct retention *r);
/* Once a second. */
void retention_tick(struct retention *r, const struct config_retention *settings);
/* The limits that a purge started by hand has now. */
void retention_now(
    const struct retention *r, const struct config_retention *settings, struct purge_limits *ret);

#endif
