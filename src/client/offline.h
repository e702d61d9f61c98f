/* What the CLI does to an outbox that no daemon has open: it takes the lock and is the writer. */
#ifndef CLIENT_OFFLINE_H
#define CLIENT_OFFLINE_H

#include <signal.h>

#include "config/config.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "term/progress.h"

struct offline;

/*
 * stores: new events will come, so the sites of the configuration are made, and known with what
 * they want of ids. ERR_BUSY when somebody has the database open.
 */
int offline_open(const struct config *c, bool stores, struct offline **ret_offline, struct err *e);
/* Sends one message of which all but its type's own part is filled in here, and takes it back. */
int offline_run(struct offline *o, struct outbox_msg *msg, struct err *e);
/* -1 when the last checkpoint failed. */
int offline_close(struct offline *o, struct err *e);

/*
 * Opens, runs the operation to its end and closes; verb, filter, actor and note are set, the
 * results are filled in. Once *stop is set it ends after the slice under way, with op->more.
 */
int offline_operate(const struct config *c, struct outbox_operation *op, struct progress *progress,
    const volatile sig_atomic_t *stop, struct err *e);
/* The same for a site: verb, site, actor and note are set. */
int offline_site_control(
    const struct config *c, struct outbox_site_control *site_control, struct err *e);
int offline_erase(const struct config *c, struct outbox_erase *erase, struct err *e);
/* Retention by hand, to its end. */
int offline_purge(const struct config *c, struct outbox_purge *purge, struct err *e);
/* Who does it, for the audit: our user's name. */
void offline_actor(char *ret_name, size_t size);

#endif
