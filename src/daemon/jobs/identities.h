/*
 * Events that await an identity, as a job of the daemon: passes the sites' settings to the outbox
 * at the start and after a reload, and has it give up events that waited for longer than
 * identity_wait. A wall clock that jumped is not believed, as for max_age. Main thread.
 */
#ifndef DAEMON_JOBS_IDENTITIES_H
#define DAEMON_JOBS_IDENTITIES_H

#include "config/config.h"
#include "dispatch/age.h"
#include "outbox/write/unresolved.h"

struct identities;

/* age is borrowed; daemon/clocks.h keeps it up to date. */
int identities_new(struct outbox *outbox, const struct clock *clock, const struct age *age,
    struct identities **ret_identities, struct err *e);
/* NULL is fine. After outbox_stop. */
void identities_free(struct identities *s);
/* Before outbox_start. */
int identities_start(
    struct identities *s, const struct config *c, const int64_t *site_ids, struct err *e);
/* Once a second; site_ids are in the order of the configuration's sites. */
void identities_tick(struct identities *s, const struct config *c, const int64_t *site_ids);
/* The settings have changed: the next tick passes them on. */
void identities_reload(struct identities *s);

/* What one site wants at this time. Pure. */
void identities_limits(const struct config_site *site, int64_t site_id, const struct age *age,
    int64_t wall, int64_t mono, struct identity_site *ret);

#endif
