/*
 * Makes unresolved events due once their address is known, in order of arrival. Writer's thread,
 * inside its transaction.
 *
 * At most UNRESOLVED_STEP events of each id become due in one transaction. The table
 * identity_release keeps the ids of the rest, and each later transaction takes one step. Until the
 * last step, new events of the same address wait behind them.
 */
#ifndef OUTBOX_WRITE_RESOLVE_H
#define OUTBOX_WRITE_RESOLVE_H

#include "outbox/write/unresolved.h"

/*
 * Makes the unresolved events of this user's person due or, without a user, those of this device,
 * when their address is known. later: in later transactions, not now. ret_n gets the number of
 * events that became due.
 */
int resolve_ids(struct unresolved *u, int64_t site_id, struct slice user_id,
    struct slice anonymous_id, bool later, int64_t *ret_n, struct err *e);
/*
 * Call it before an event's statements about its ids are stored: the remaining events of these ids
 * become due now, with the address that they were going to have.
 */
int resolve_before_event(struct unresolved *u, int64_t site_id, const struct segment_event *event,
    int64_t *ret_n, struct err *e);
/* Takes the next step for events that were left for later. */
int resolve_step(struct unresolved *u, int64_t *ret_n, struct err *e);
/*
 * Returns 1 when older events of this address are still becoming due: the new event must then wait
 * for the same id, which is copied (*ret_is_user: it is a userId). Returns 0 when none are, -1 on
 * an error.
 */
int resolve_is_under_way(struct unresolved *u, int64_t site_id, struct slice email,
    bool *ret_is_user, char ret_id[SEGMENT_ID_MAX + 1], struct err *e);

#endif
