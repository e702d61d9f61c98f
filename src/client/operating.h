/* An operation from the command line: by the daemon when one runs, else by ourselves. */
#ifndef CLIENT_OPERATING_H
#define CLIENT_OPERATING_H

#include "config/config.h"
#include "outbox/operate/operate.h"

/*
 * Runs it to its end: verb, filter or undoes, and note are set; n_events, operation_id and left are
 * filled in. all: how many events it is about, for the progress that a terminal shows. No audit may
 * be open in this process, because it may become the writer.
 */
int operating_run(const struct config *c, struct outbox_operation *op, int64_t all, struct err *e);

#endif
