/*
 * From the configuration to each module's own options. Nothing is copied: what is filled in points
 * into the configuration, which must live until the module has taken its copies.
 */
#ifndef DAEMON_WIRING_H
#define DAEMON_WIRING_H

#include "config/config.h"
#include "control/control.h"
#include "dispatch/dispatcher.h"
#include "ingest/ingest.h"
#include "outbox/outbox.h"
#include "outbox/write/identity.h"

/* Owns what it holds. */
void wiring_mapping(const struct config_site *s, struct mapping_options *ret);
void wiring_outbox(const struct config *c, struct outbox_options *ret);
/* The dispatcher holds the configuration as long as it uses it. */
void wiring_site_dispatch(struct config *c, const struct config_site *s, int64_t site_id,
    struct dispatch_site_options *ret);
void wiring_site_ingest(
    const struct config_site *s, int64_t site_id, struct ingest_site_options *ret);
/* All but the sites. */
/* Nobody is given up by it. */
void wiring_identity(const struct config_site *s, int64_t site_id, struct identity_site *ret);
void wiring_ingest(const struct config *c, struct ingest_options *ret);

#endif
