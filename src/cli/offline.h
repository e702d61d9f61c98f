/* What the CLI does to an outbox that no daemon has open: it takes the lock and is the writer. */
#ifndef CLI_OFFLINE_H
#define CLI_OFFLINE_H

#include "cli/config.h"
#include "outbox/operate.h"

/*
 * Runs the operation to its end; verb, filter, actor and note are set, the results are filled in.
 * ERR_BUSY when somebody has the database open.
 */
int offline_operate(const struct config *c, struct outbox_operation *op, struct err *e);

#endif
