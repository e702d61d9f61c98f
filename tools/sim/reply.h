/*
 * Makes the bytes of an answer. Pure, except for the time in a Retry-After date.
 */
#ifndef TOOLS_SIM_REPLY_H
#define TOOLS_SIM_REPLY_H

#include "base/buf.h"
#include "sim/sim.h"

/* effect may be NULL. says_close: a header announces that the connection ends. */
void reply_append(struct buf *to, const struct sim_reply *reply, const struct fault_effect *effect,
    bool says_close);

#endif
