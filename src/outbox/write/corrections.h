/*
 * OUTBOX_CORRECTION: corrects the times of events that came while the machine's clock was not set
 * (daemon/clocks.h), in steps: the same message is sent again while `more` is true. Until then the
 * reader does not give such an event to anybody who sends.
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
	int64_t last_event_id; /* of the first step: what comes later has other times; 0 before */
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;
struct outbox_unset;

/* What the outbox knows of such times. */
int corrections_read(struct db *db, struct outbox_unset *ret, struct err *e);

#endif
