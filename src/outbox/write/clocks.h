/*
 * OUTBOX_CLOCK: what must outlive the process about the clocks. dispatch/age.h explains the
 * history, daemon/clocks.c the estimate; the outbox only stores them.
 */
#ifndef OUTBOX_WRITE_CLOCKS_H
#define OUTBOX_WRITE_CLOCKS_H

#include <stdint.h>

#include "outbox/message.h"

#define CLOCK_PERIODS_MAX 24

/* A period in which the wall clock did not jump: it shows the proven time plus `shift`. */
struct clock_period {
	int64_t start;   /* proven time */
	int64_t shift;   /* ms */
	int64_t absence; /* ms before it that may turn out to have passed; 0: none */
};

struct clock_history {
	uint64_t boot;     /* of the last reading; 0: there was none */
	int64_t offset;    /* wall - mono at the last reading */
	int64_t seen_at;   /* wall ms of the last reading */
	int64_t confirmed; /* proven time at which the wall clock was last confirmed; 0: never */
	int64_t confirmed_wall; /* what the wall clock showed then */
	int64_t n_periods;
	struct clock_period periods[CLOCK_PERIODS_MAX];
};

struct clock_note {
	struct clock_history history;
	/* The boot and the offset of the estimate that events are marked provisional by; 0: none.
	 */
	uint64_t unset_boot;
	int64_t unset_offset;
};

struct outbox_clock {
	struct outbox_msg msg;
	struct clock_note note;
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;

/* Reads the note; zeros when none was stored. */
int clocks_read(struct db *db, struct clock_note *ret_note, struct err *e);

#endif
