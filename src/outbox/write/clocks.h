/*
 * OUTBOX_CLOCK: numbers about the clocks that must outlive the process. dispatch/age.h explains the
 * first four, daemon/clocks.c the others; the outbox only stores them.
 */
#ifndef OUTBOX_WRITE_CLOCKS_H
#define OUTBOX_WRITE_CLOCKS_H

#include <stdint.h>

#include "outbox/message.h"

#define OUTBOX_CLOCK_NUMBERS 6

struct outbox_clock {
	struct outbox_msg msg;
	int64_t number[OUTBOX_CLOCK_NUMBERS];
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;

/* Reads the numbers; zeros when none were stored. */
int clocks_read(struct db *db, int64_t ret_number[OUTBOX_CLOCK_NUMBERS], struct err *e);

#endif
