/*
 * Makes a new outbox from what is left of a damaged one. The old file is read page by page, without
 * SQLite, so no damaged page costs more than what it holds. Events and their ids, states and
 * history are the same as before; what is in doubt is held. The old file is never written. One
 * thread; no other process may use either file.
 */
#ifndef OUTBOX_RECOVER_RECOVER_H
#define OUTBOX_RECOVER_RECOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RECOVER_RANGES_MAX 64

struct recover_range {
	int64_t first, last; /* event ids */
};

struct recover_report {
	int64_t pages;      /* pages of the old file that are damaged or missing */
	int64_t log_frames; /* pages of its write-ahead log that are damaged */
	int64_t events;     /* events in the new file */
	int64_t changed;    /* of these, those that the disk changed, or the values of their batch;
			       they are held unless they were settled */
	int64_t unclear;    /* of these, held: their state is unknown */
	bool counted;       /* the old file says how many events it had, */
	int64_t lost;       /* and so many of them could not be read */
	struct recover_range range[RECOVER_RANGES_MAX]; /* ids that may be those of lost events */
	size_t n_ranges;
	int64_t more_ranges;
	char tables[200]; /* names of the tables of which other rows are missing, or "" */
};

/* Whether the new file has everything that the old one had. */
bool recover_is_complete(const struct recover_report *report);

/* How far a recovery is. */
struct recover_progress {
	void (*tell)(void *arg, int64_t pages, int64_t all);
	void *arg;
};

/*
 * Writes the outbox `to`, which must not exist; until it is complete it is called `to`.part. After
 * -1 neither file exists. now: wall ms. progress may be NULL. ERR_INPUT: `from` has no page of an
 * outbox, or a newer version wrote it.
 */
int outbox_recover(const char *from, const char *to, int64_t now,
    const struct recover_progress *progress, struct recover_report *ret_report, struct err *e);

#endif
