/* Makes this process the writer of an outbox that no daemon has open: takes its lock and runs its
 * thread. */
#ifndef CLIENT_OFFLINE_H
#define CLIENT_OFFLINE_H

#include "config/config.h"
#include "outbox/outbox.h"

struct offline;

/*
 * stores: new events will be stored, so the configuration's sites and their settings for ids are
 * added. ERR_BUSY when another process has the database open.
 */
int offline_open(const struct config *c, bool stores, struct offline **ret_offline, struct err *e);
/* Sends one message, sets its `done`, and waits until the writer returns it. */
int offline_run(struct offline *o, struct outbox_msg *msg, struct err *e);
/* Returns -1 when the last checkpoint failed. */
int offline_close(struct offline *o, struct err *e);

#endif
