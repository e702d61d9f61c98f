/* Which boxes the configuration lists: others may no longer forward. Any thread. */
#ifndef REPORT_LISTED_H
#define REPORT_LISTED_H

#include <stddef.h>

#include "config/config.h"
#include "outbox/read/audit_box.h"

/* Returns the site of the configuration that lists the box; NULL when none does. */
const struct config_site *listed_site(const struct config *c, const struct audit_site *sites,
    size_t n_sites, const struct audit_box *box);

#endif
