/*
 * The clock that the daemon uses, and how far the machine's wall clock can be trusted
 * (dispatch/age.h). The comment at the top of clocks.c has the rules. Main thread, except where
 * stated.
 */
#ifndef DAEMON_CLOCKS_H
#define DAEMON_CLOCKS_H

#include "base/clock.h"
#include "dispatch/age.h"
#include "outbox/outbox.h"

/* How long to distrust a clock that is behind the latest time that the outbox stored before this
 * boot. */
#define CLOCKS_BEHIND_MAX_MS INT64_C(3600000)

struct clocks;

/* `system` is the machine's clock. */
int clocks_new(
    const struct clock *system, uint64_t boot, struct clocks **ret_clocks, struct err *e);
/* Call it between outbox_open and outbox_start. */
int clocks_recall(struct clocks *c, struct outbox *outbox, struct err *e);
/* Call it after outbox_stop: until then the writer may hold a message. NULL is allowed. */
void clocks_free(struct clocks *c);

/* Returns the machine's clock, or an estimate while the machine's clock is not set. Any thread. */
const struct clock *clocks_clock(const struct clocks *c);
/* Whether times in the outbox may still be wrong: nothing must be sent then. */
bool clocks_are_unset(const struct clocks *c);
/* Returns what is known of the clocks, for dispatch/age.h. It is valid after clocks_recall. */
const struct clock_history *clocks_history(const struct clocks *c);
/* Takes note of the Date of an answer from Bento: the wall clock is wrong by error_ms; 0: it is
 * right. Any thread. */
void clocks_compare(struct clocks *c, int64_t error_ms);
/* Call it right after outbox_start, then once a second. */
void clocks_tick(struct clocks *c);

#endif
