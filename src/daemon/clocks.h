/*
 * How far the wall clock can be believed, across restarts (dispatch/age.h). Main thread.
 */
#ifndef DAEMON_CLOCKS_H
#define DAEMON_CLOCKS_H

#include "base/clock.h"
#include "dispatch/age.h"
#include "outbox/outbox.h"

struct clocks;

/* After outbox_open, before outbox_start. */
int clocks_new(struct outbox *outbox, const struct clock *clock, uint64_t boot,
    struct clocks **ret_clocks, struct err *e);
/* After outbox_stop: until then the writer may hold its message. NULL is fine. */
void clocks_free(struct clocks *c);
/* What the previous process stored. */
const struct age_memory *clocks_before(const struct clocks *c);
const struct age *clocks_age(const struct clocks *c);
/* Once a second. */
void clocks_tick(struct clocks *c);

#endif
