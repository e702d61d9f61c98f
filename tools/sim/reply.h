/*
 * An answer as bytes. Pure, but for the time in a Retry-After date.
 */
#ifndef TOOLS_SIM_REPLY_H
#define TOOLS_SIM_REPLY_H

#include "base/buf.h"
#include "sim/sim.h"

/* effect may be NULL. says_close: the answer says that the connection ends. */
void reply_append(struct buf *to, const struct sim_reply *reply, const struct fault_effect *effect,
    bool says_close);

#endif
