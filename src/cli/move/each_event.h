/* Visits many events without a long transaction. Main thread. */
#ifndef CLI_MOVE_EACH_EVENT_H
#define CLI_MOVE_EACH_EVENT_H

#include <stdint.h>

#include "base/err.h"
#include "outbox/filter/filter.h"

struct outbox_audit;

/*
 * Calls fn for each matching event, oldest first, until the filter's limit is reached. fn returns 1
 * when the event counts, 0 when it does not because retention removed it meanwhile, or -1. Ids are
 * read a page at a time, so that no transaction is open while fn works. *after: only events with
 * greater ids; it follows the events that were handled.
 */
int each_event(struct outbox_audit *audit, const struct outbox_filter *f, int64_t *after,
    int (*fn)(void *arg, int64_t event_id, struct err *e), void *arg, struct err *e);

#endif
