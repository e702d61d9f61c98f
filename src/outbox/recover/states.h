/*
 * Makes a complete outbox of the rows that could be read: decides the state of each event, and
 * holds those whose state or content is in doubt. One thread.
 */
#ifndef OUTBOX_RECOVER_STATES_H
#define OUTBOX_RECOVER_STATES_H

#include <stdint.h>

#include "base/err.h"

struct db;

/* Creates the staging tables, before anything is read. They go with the connection. */
int states_stage(struct db *db, struct err *e);
/* In no transaction; now: wall ms. */
int states_decide(struct db *db, int64_t now, struct err *e);

#endif
