/*
 * OUTBOX_CORRECTION: corrects the times of events that came while the machine's clock was not set
 * (daemon/clocks.h), in steps: the sender sends the same message again while `more` is true. Until
 * then the reader gives such an event to no one who sends.
 */
#ifndef OUTBOX_WRITE_CORRECTIONS_H
#define OUTBOX_WRITE_CORRECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox/message.h"

/* `clock_not_set`, of a pending event. */
extern const char correction_reason[];

struct outbox_correction {
	struct outbox_msg msg;
	int64_t shift; /* is added to the provisional times, ms */
	/* result of a step */
	int64_t n_corrected;
	bool more;
	int64_t last_event_id; /* set by the first step: later events have other times; 0 before */
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;
struct outbox_unset;

/* Reads which events have such times. */
int corrections_read(struct db *db, struct outbox_unset *ret, struct err *e);

#endif
