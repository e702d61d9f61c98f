/* Which boxes the configuration lists: others may no longer forward. Any thread. */
#ifndef REPORT_LISTED_H
#define REPORT_LISTED_H

#include <stddef.h>

#include "base/err.h"
#include "config/config.h"
#include "outbox/read/audit_box.h"

/* Returns the site of the configuration that lists the box; NULL when none does. */
const struct config_site *listed_site(const struct config *c, const struct audit_site *sites,
    size_t n_sites, const struct audit_box *box);
/* Appends the boxes that the configuration lists and the database does not know. Their last_seen_at
 * is 0. After -1, too, the caller frees the array. */
int listed_add_unseen(const struct config *c, const struct audit_site *sites, size_t n_sites,
    struct audit_box **boxes, size_t *n, struct err *e);

#endif
