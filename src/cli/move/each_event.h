/* Going through many events without a long transaction. Main thread. */
#ifndef CLI_MOVE_EACH_EVENT_H
#define CLI_MOVE_EACH_EVENT_H

#include <stdint.h>

#include "base/err.h"
#include "outbox/filter/filter.h"

struct outbox_audit;

/*
 * Calls fn for each event that matches, oldest first, until the filter's limit of counted ones is
 * reached. fn returns 1: it counts; 0: it does not, because retention took the event meanwhile; or
 * -1. Ids are read a page at a time, so that no transaction is open while fn works.
 */
int each_event(struct outbox_audit *audit, const struct outbox_filter *f,
    int (*fn)(void *arg, int64_t event_id, struct err *e), void *arg, struct err *e);

#endif
