/*
 * Walks over the events that match a filter, and reads few others.
 *
 * A walk hands out portions in the order of ids, ascending or descending; the caller runs one query
 * for each, which still tests every criterion. What lies between the portions cannot match:
 *   - ids and messageIds: one portion, with the ids (message_ids.h);
 *   - an address without wildcards: the events that addresses.h finds, some hundreds a portion;
 *   - times, names, kinds and sites: the complete blocks (write/event_block.h) that have such
 *     events;
 *   - a box: its requests, which are ranges of ids (via_ranges.h), within what the others leave;
 *   - pending events: ranges of ids in which spans have some, and between these ranges only the
 *     rows of delivery;
 *   - other statuses: the parts of the view `state` that can have events there.
 * Memory does not depend on the number of matches.
 *
 *	rc = filter_walk_begin(&walk, db, filter, &range, e);
 *	if (rc == 0) {
 *		filter_walk_sql(&walk, &sql);
 *		walk.rows = stmt_SOME(db, &sql, e);
 *		while ((rc = filter_walk_next(&walk, e)) == 1)
 *			while ((rc = stmt_SOME_next(&walk.rows, &row, e)) == 1)
 *				...
 *	}
 *	filter_walk_end(&walk);
 *
 * The caller keeps a transaction open during the walk, so that blocks and events belong together.
 *The filter must outlive the walk.
 */
#ifndef OUTBOX_FILTER_WALK_H
#define OUTBOX_FILTER_WALK_H

#include "outbox/file/rows.h"
#include "outbox/filter/addresses.h"
#include "outbox/filter/filter.h"
#include "outbox/filter/message_ids.h"
#include "outbox/filter/via_ranges.h"

#define WALK_WINDOWS 64 /* ranges of pending spans; more are united with their neighbors */

/* The parts of the view `state`: events with a row in delivery, and in spans delivered and pending
 * ones. */
enum walk_parts {
	WALK_ROWS = 1,
	WALK_SENT = 2,
	WALK_DUE = 4,
};

struct filter_range {
	int64_t low, high; /* ids, both inclusive */
	bool newest;       /* newest first */
	int64_t scan_max;  /* most ids of a portion without a list of ids; 0: no limit */
};

struct filter_walk {
	struct db *db;
	const struct outbox_filter *f;
	struct filter_range range; /* what is left */
	struct db_rows rows;       /* the caller's query */
	bool is_bound;
	/* The present portion. */
	int64_t low, high;
	bool by_ids;
	unsigned parts; /* set of enum walk_parts */
	/* The part of the range, at its beginning, that the next portions are taken from. */
	int64_t stage_low, stage_high;
	unsigned stage_parts;
	bool has_stage;
	struct {
		int64_t first, last;
	} window[WALK_WINDOWS]; /* ascending */
	size_t n_windows;
	bool has_windows;
	int64_t sent_to, due_from; /* no sent event is above, and no due one below */
	bool by_blocks;
	/* What is left of the last portion of which a box's requests are parts. */
	struct via_range rest;
	bool has_rest;
	struct message_ids named; /* the ids that the filter or a messageId names */
	bool is_named;
	struct address_search *search; /* owned; NULL: not by an address */
	int64_t open;                  /* the first event of the newest block */
	int64_t run_max;               /* most blocks of the next portion */
	struct buf kinds;
};

int filter_walk_begin(struct filter_walk *w, struct db *db, const struct outbox_filter *f,
    const struct filter_range *range, struct err *e);
/* Appends "FROM state d WHERE ..." with the criteria and the portion. */
void filter_walk_sql(const struct filter_walk *w, struct buf *sql);
/* Makes `rows` ready for the next portion. Returns 1, 0 when there is none, or -1. */
int filter_walk_next(struct filter_walk *w, struct err *e);
/* Ends `rows`, too. */
void filter_walk_end(struct filter_walk *w);

#endif
