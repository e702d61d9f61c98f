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
/* Returns the values that the previous process stored. */
const struct age_memory *clocks_before(const struct clocks *c);
const struct age *clocks_age(const struct clocks *c);
/* Call it right after outbox_start, then once a second. */
void clocks_tick(struct clocks *c);

#endif
