/*
 * Boxes: spoolers at the edge that forward to this one. A request of a box updates the box's row,
 * and the events that it brought are a range of ids. Writer's thread.
 */
#ifndef OUTBOX_ORIGIN_BOX_H
#define OUTBOX_ORIGIN_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;

/* What is known of a box with each of its requests. */
struct box_report {
	struct slice name;    /* by which the configuration lists the box */
	struct slice version; /* of its bentospool; absent: not said */
	int64_t backlog;      /* its pending events; -1: not said */
	int64_t oldest_at;  /* wall ms: when it received the oldest of them; 0: none, or not said */
	int64_t bytes;      /* size of the request's body on the way */
	int64_t body_bytes; /* and decompressed */
};

/* What became of a request's events. */
struct box_events {
	int64_t first_event_id; /* the stored ones have consecutive ids from here */
	int64_t stored;
	int64_t duplicates;
	/* The earliest and the latest receipt of a stored one that, as the box says, lies in the
	 * future of this machine; 0: none. */
	int64_t claimed_from, claimed_to;
};

/* Adds the request to the box, at the time `now` (wall ms). */
int box_note(struct db *db, int64_t site_id, const struct box_report *report,
    const struct box_events *events, int64_t now, struct err *e);
/* Adds an event of another center, to which the box had forwarded it at that time (wall ms). */
int box_remember(struct db *db, int64_t site_id, struct slice name, int64_t arrived_at,
    int64_t event_id, struct err *e);
/*
 * Whether retention may have removed an event that was received at that time, so that its messageId
 * is no longer known. A receipt in the future is stored as the time of arrival, which differs
 * at each try; so claimed_at, the time that the box states, is compared, too. Returns
 * 1, 0, or -1 on an error.
 */
int box_may_be_forgotten(struct db *db, int64_t site_id, struct slice name, int64_t received_at,
    int64_t claimed_at, struct err *e);

/* The reason of an event that may have been stored before. */
extern const char box_maybe_repeated[]; /* "maybe_repeated" */

#endif
