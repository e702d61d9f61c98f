/*
 * Looks up where the box's events begin, and then reads the requests from there on until the next
 * one is too far away. Fails on errors of the database.
 */
#include "outbox/filter/via_ranges.h"

#include "outbox/file/db.h"

static int
extend_up(struct db *db, struct slice box, int64_t max, struct via_range *range, struct err *e)
{
	struct db_rows rows = stmt_filter_via_rows(
	    db, &(struct stmt_filter_via_rows){ .name = box, .event_id = range->low }, e);
	struct stmt_filter_via_rows_row row;
	int64_t high = range->low;
	int rc;

	while ((rc = stmt_filter_via_rows_next(&rows, &row, e)) == 1) {
		if (row.last_event_id < range->low)
			continue;
		if (high >= range->high || row.first_event_id > high + VIA_GAP
		    || (high > range->low && row.last_event_id - range->low >= max))
			break;
		high = row.last_event_id;
	}
	db_rows_end(&rows);
	range->high = high < range->high ? high : range->high;
	return rc < 0 ? -1 : 1;
}

static int
extend_down(struct db *db, struct slice box, int64_t max, struct via_range *range, struct err *e)
{
	struct db_rows rows = stmt_filter_via_rows_back(
	    db, &(struct stmt_filter_via_rows_back){ .name = box, .event_id = range->high }, e);
	struct stmt_filter_via_rows_back_row row;
	int64_t low = range->high;
	int rc;

	while ((rc = stmt_filter_via_rows_back_next(&rows, &row, e)) == 1) {
		if (low <= range->low || row.last_event_id < low - VIA_GAP
		    || (low < range->high && range->high - row.first_event_id >= max))
			break;
		low = row.first_event_id;
	}
	db_rows_end(&rows);
	range->low = low > range->low ? low : range->low;
	return rc < 0 ? -1 : 1;
}

int
via_ranges_narrow(struct db *db, struct slice box, bool newest, int64_t max,
    struct via_range *range, struct err *e)
{
	const struct stmt_filter_via up = { .name = box, .low = range->low };
	const struct stmt_filter_via_back back = { .name = box, .high = range->high };
	int64_t id = 0;

	if ((newest ? stmt_filter_via_back(db, &back, &id, e) : stmt_filter_via(db, &up, &id, e))
	    < 0)
		return -1;
	if (id == 0 || id < range->low || id > range->high)
		return 0;
	if (newest)
		range->high = id;
	else
		range->low = id;
	return newest ? extend_down(db, box, max, range, e) : extend_up(db, box, max, range, e);
}
