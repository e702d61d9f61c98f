/*
 * Making unresolved events due once their address is known, in order of arrival. Writer's thread,
 * inside its transaction.
 *
 * At most UNRESOLVED_STEP events of each id become due in one transaction. The ids of the rest are
 * kept in the table identity_release, and each later transaction takes one step; until the last
 * one, new events of the same address wait behind them.
 */
#ifndef OUTBOX_WRITE_RESOLVE_H
#define OUTBOX_WRITE_RESOLVE_H

#include "outbox/write/unresolved.h"

/*
 * Makes the unresolved events of this user's person due, or without a user those of this device, if
 * their address is known. later: not now, but in later transactions. ret_n: events that became due.
 */
int resolve_ids(struct unresolved *u, int64_t site_id, struct slice user_id,
    struct slice anonymous_id, bool later, int64_t *ret_n, struct err *e);
/*
 * To be called before an event teaches something about its ids: what is left of the events of these
 * ids becomes due now, with the address that it was going to have.
 */
int resolve_before_event(struct unresolved *u, int64_t site_id, const struct segment_event *event,
    int64_t *ret_n, struct err *e);
/* The next step of what was left for later. */
int resolve_step(struct unresolved *u, int64_t *ret_n, struct err *e);
/*
 * Whether older events of this address are still becoming due: 1, and a new event must wait for the
 * same id, which is copied (*ret_is_user: a userId); 0; -1.
 */
int resolve_is_under_way(struct unresolved *u, int64_t site_id, struct slice email,
    bool *ret_is_user, char ret_id[SEGMENT_ID_MAX + 1], struct err *e);

#endif
