/* What the CLI does to an outbox that no daemon has open: it takes the lock and is the writer. */
#ifndef CLI_OFFLINE_H
#define CLI_OFFLINE_H

#include "cli/config.h"
#include "cli/progress.h"
#include "outbox/erase.h"
#include "outbox/operate.h"
#include "outbox/purge.h"
#include "outbox/steer.h"

/*
 * Runs the operation to its end; verb, filter, actor and note are set, the results are filled in.
 * ERR_BUSY when somebody has the database open.
 */
int offline_operate(
    const struct config *c, struct outbox_operation *op, struct progress *progress, struct err *e);
/* The same for a site: verb, site, actor and note are set. */
int offline_steer(const struct config *c, struct outbox_steer *steer, struct err *e);
int offline_erase(const struct config *c, struct outbox_erase *erase, struct err *e);
/* Retention by hand, to its end. */
int offline_purge(const struct config *c, struct outbox_purge *purge, struct err *e);
/* Who does it, for the audit: our user's name. */
void offline_actor(char *ret_name, size_t size);

#endif
