/*
 * The clock that the daemon uses, and how far the machine's wall clock can be trusted
 * (dispatch/age.h). The opening of clocks.c has the rules. Main thread, except where stated.
 */
#ifndef DAEMON_CLOCKS_H
#define DAEMON_CLOCKS_H

#include "base/clock.h"
#include "dispatch/age.h"
#include "outbox/outbox.h"

/* How long to distrust a clock that is behind the last time the outbox saw before this boot. */
#define CLOCKS_BEHIND_MAX_MS INT64_C(3600000)

struct clocks;

/* `system` is the machine's clock. */
int clocks_new(
    const struct clock *system, uint64_t boot, struct clocks **ret_clocks, struct err *e);
/* Between outbox_open and outbox_start. */
int clocks_recall(struct clocks *c, struct outbox *outbox, struct err *e);
/* After outbox_stop: until then the writer may hold a message. NULL is fine. */
void clocks_free(struct clocks *c);

/* The machine's clock, or an estimate while that is not set. Any thread. */
const struct clock *clocks_clock(const struct clocks *c);
/* Times in the outbox are wrong still: nothing must be sent. */
bool clocks_are_unset(const struct clocks *c);
/* Returns the values that the previous process stored. */
const struct age_memory *clocks_before(const struct clocks *c);
const struct age *clocks_age(const struct clocks *c);
/* Once right after outbox_start, then once a second. */
void clocks_tick(struct clocks *c);

#endif
