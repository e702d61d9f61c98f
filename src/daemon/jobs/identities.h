/*
 * The daemon's job for events that await an identity: gives the sites' settings to the outbox at
 * the start and after a reload, and makes the outbox give up on events that have waited for longer
 * than identity_wait. A wall clock that jumped is not trusted, as for max_age. Main thread.
 */
#ifndef DAEMON_JOBS_IDENTITIES_H
#define DAEMON_JOBS_IDENTITIES_H

#include "config/config.h"
#include "dispatch/age.h"
#include "outbox/write/unresolved.h"

struct identities;

/* history is borrowed; daemon/clocks.h keeps it up to date. */
int identities_new(struct outbox *outbox, const struct clock *clock,
    const struct clock_history *history, struct identities **ret_identities, struct err *e);
/* Call it after outbox_stop. NULL is allowed. */
void identities_free(struct identities *s);
/* Call it before outbox_start. */
int identities_start(
    struct identities *s, const struct config *c, const int64_t *site_ids, struct err *e);
/* Call it once a second; site_ids has the order of the sites in the configuration. */
void identities_tick(struct identities *s, const struct config *c, const int64_t *site_ids);
/* Call it when the settings have changed: the next tick gives them to the outbox. */
void identities_reload(struct identities *s);

/* Fills in a site's settings with the times that they mean as of the last reading of the clocks.
 * Pure. */
void identities_limits(const struct config_site *site, int64_t site_id,
    const struct clock_history *history, struct identity_site *ret);

#endif
