/*
 * An outbox for the experiments that fail the Nth call: each run begins with a copy of one that has
 * events in each state. It is the outbox of unit/outbox/outbox_rig.h, whose functions work on it.
 */
#ifndef FAULTS_NTH_OUTBOX_RIG_H
#define FAULTS_NTH_OUTBOX_RIG_H

#include "base/clock.h"

/* Events 1 to 8: delivered, failed, held, one whose address is unknown, and four pending. */
#define NTH_EVENTS 8

/* A monotonic clock that is fast, so that what is tried again after a second comes after 10 ms. The
 * time that Bento has for an answer is not of this clock. */
#define NTH_FASTER 100
extern const struct clock nth_clock;

/* Set-up and teardown of a group. */
int nth_make_template(void **state);
int nth_remove_template(void **state);
/* Like nth_make_template; more adds to what the template holds. */
void nth_make_template_with(void (*more)(void));
/* The same with something of each kind that can be read: two more events, an attempt that may have
 * arrived, operations, a box, requests that were refused. */
int nth_make_full_template(void **state);
/* Puts the files in place; nothing may be open. */
void nth_copy_template(void);
/* The same, and opens the outbox and starts its writer. */
void nth_begin_with_template(void);
/* Like rig_open, but returns -1 for an error, which it checks to have a text. */
int nth_open_outbox(void);

#endif
