/*
 * Counts the events that got a final status, by site, status and reason, since the start of the
 * process. The writer notes them in the transaction that changes them, and publishes the numbers
 * after its commit. What operators do is not counted: it is in `operation`.
 */
#ifndef OUTBOX_TALLY_H
#define OUTBOX_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "event/kind.h"

#define TALLY_REASON 32
/* Published rows. When only STATUS_COUNT rows are left, these take the events of all others. */
#define TALLY_MAX 256
#define TALLY_NOTES 16 /* different rows in one transaction, with the same reserve */

struct tally_row {
	int64_t site_id; /* 0: several sites */
	enum event_status status;
	char reason[TALLY_REASON]; /* "": none; "others": several reasons */
	uint64_t events;
};

/* One transaction's events. Writer's thread. */
struct tally_notes {
	struct tally_row row[TALLY_NOTES];
	size_t n;
};

/* The reason may be NULL. Ignores pending events and events == 0. */
void tally_note(struct tally_notes *notes, int64_t site_id, enum event_status status,
    const char *reason, uint64_t events);

/* The published numbers. A row is written once, before n makes it visible; only its number grows.
 */
struct tally {
	_Atomic size_t n;
	struct tally_place {
		struct tally_row row; /* row.events is not used */
		_Atomic uint64_t events;
	} place[TALLY_MAX];
};

/* Writer's thread, after the commit. */
void tally_publish(struct tally *t, const struct tally_notes *notes);
/* Copies at most TALLY_MAX rows; returns how many. A row keeps its index. Any thread. */
size_t tally_read(const struct tally *t, struct tally_row ret_rows[TALLY_MAX]);

#endif
