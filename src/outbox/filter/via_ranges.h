/*
 * Finds the events that a box forwarded, as ranges of ids. The table `via` has a row for each
 * request of a box, with consecutive ids. Any connection; one thread at a time.
 */
#ifndef OUTBOX_FILTER_VIA_RANGES_H
#define OUTBOX_FILTER_VIA_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;

/* Requests that are so close together are one range: reading what lies between them costs less than
 * another query. */
#define VIA_GAP 16

struct via_range {
	int64_t low, high; /* ids, both inclusive */
};

/*
 * Makes `range`, which must not be empty, the first part of itself that has events of boxes of this
 * name, or the last part. The part has at most max ids, or is one request. Returns 1, 0 when there
 * are none, or -1.
 */
int via_ranges_narrow(struct db *db, struct slice box, bool newest, int64_t max,
    struct via_range *range, struct err *e);

#endif
