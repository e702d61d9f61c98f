/* Counts the events that match a filter, whose limit is ignored. The caller keeps a transaction
 * open. */
#ifndef OUTBOX_FILTER_COUNT_H
#define OUTBOX_FILTER_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/filter/filter.h"

struct db;

int filter_count_all(
    struct db *db, const struct outbox_filter *f, int64_t *ret_count, struct err *e);

struct filter_count {
	int64_t events; /* that were counted */
	bool more;      /* counting ended there: there may be more */
};
/*
 * Counts with little work: ends after more than `max` events, or after FILTER_COUNT_WORK steps of
 * SQLite, which is some 50,000 events read in order, or 500 looked up. No event is read where
 * the blocks of events or the counts by status are enough.
 */
#define FILTER_COUNT_WORK 1000000
int filter_count_about(struct db *db, const struct outbox_filter *f, int64_t max,
    struct filter_count *ret_count, struct err *e);

#endif
