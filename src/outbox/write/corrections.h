/*
 * OUTBOX_CORRECTION: corrects the times of events that came while the machine's clock was not set
 * (daemon/clocks.h), in steps: the sender sends the same message again while `more` is true. Until
 * an event is corrected, the reader does not give it to the dispatcher.
 */
#ifndef OUTBOX_WRITE_CORRECTIONS_H
#define OUTBOX_WRITE_CORRECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox/message.h"

/* The reason `clock_not_set` of a pending event whose times are provisional. */
extern const char correction_reason[];

struct outbox_correction {
	struct outbox_msg msg;
	int64_t shift; /* milliseconds to add to the provisional times */
	/* result of a step */
	int64_t n_corrected;
	bool more;
	int64_t last_event_id; /* set by the first step: the newest event to correct; 0 before */
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;
struct outbox_unset;

/* Reads how many events have provisional times, and the newest receipt. */
int corrections_read(struct db *db, struct outbox_unset *ret, struct err *e);

#endif
