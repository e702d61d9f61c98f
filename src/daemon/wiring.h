/*
 * Converts the configuration to each module's own options, which point into the
 * configuration: it must live until the module has copied them. Pure, but for wiring_log.
 */
#ifndef DAEMON_WIRING_H
#define DAEMON_WIRING_H

#include "config/config.h"
#include "control/control.h"
#include "dispatch/dispatcher.h"
#include "ingest/ingest.h"
#include "outbox/identity/identity.h"
#include "outbox/outbox.h"

struct tls_context;

void wiring_outbox(const struct config *c, struct outbox_options *ret);
/* The dispatcher holds the configuration, and client_tls, while it uses them. NULL: no certificate.
 */
void wiring_site_dispatch(struct config *c, const struct config_site *s, int64_t site_id,
    struct tls_context *client_tls, struct dispatch_site_options *ret);
void wiring_site_ingest(
    const struct config_site *s, int64_t site_id, struct ingest_site_options *ret);
/* Leaves out the times for giving up on events: those need a clock (jobs/identities.h). */
void wiring_identity(const struct config_site *s, int64_t site_id, struct identity_site *ret);
/* Sets up the log of this process. */
void wiring_log(const struct config *c);
/* Leaves out the sites. */
void wiring_ingest(const struct config *c, struct ingest_options *ret);

#endif
