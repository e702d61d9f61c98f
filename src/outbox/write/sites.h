/*
 * The sites of the configuration as the database knows them. Writer's connection; private to
 * outbox/.
 */
#ifndef OUTBOX_WRITE_SITES_H
#define OUTBOX_WRITE_SITES_H

#include "outbox/file/db.h"
#include "outbox/outbox.h"

int sites_find_or_add(struct db *db, const char *name, int64_t *ret_site_id, struct err *e);
int sites_set_state(
    struct db *db, int64_t site_id, const struct outbox_site_state *state, struct err *e);
/* The four numbers of OUTBOX_CLOCK, in meta. */
int sites_keep_clock(struct db *db, const int64_t number[OUTBOX_CLOCK_NUMBERS], struct err *e);
int sites_read_clock(struct db *db, int64_t ret_number[OUTBOX_CLOCK_NUMBERS], struct err *e);
int sites_before(
    struct db *db, int64_t site_id, struct outbox_site_before *ret_before, struct err *e);
/* A new process starts with every site ready: a back-off is a fact about the process before. */
int sites_reset(struct db *db, struct err *e);

/* If the event is delivered, its site has so many more of them (-1: fewer): for whoever makes it
 * so, or no longer so, but for the attempts, which count their own. */
int sites_count_delivered(struct db *db, int64_t event_id, int n, struct err *e);

#endif
