/*
 * The sites of the configuration as the database knows them. Writer's connection; private to
 * outbox/.
 */
#ifndef OUTBOX_SITES_H
#define OUTBOX_SITES_H

#include "outbox/db.h"
#include "outbox/outbox.h"

int sites_find_or_add(struct db *db, const char *name, int64_t *ret_site_id, struct err *e);
int sites_set_state(
    struct db *db, int64_t site_id, const struct outbox_site_state *state, struct err *e);
int sites_is_paused(struct db *db, int64_t site_id, bool *ret_paused, struct err *e);
/* A new process starts with every site ready: a back-off is a fact about the process before. */
int sites_reset(struct db *db, struct err *e);

#endif
