/*
 * The run: keeps all connections busy within the rate until the events or the time are used up.
 */
#ifndef TOOLS_LOAD_RUN_H
#define TOOLS_LOAD_RUN_H

#include <signal.h>

#include "load/options.h"
#include "load/report.h"

/*
 * 0 when the run came to its end; -1 when it gave up (e says why). ret_report is filled either way.
 * *stop may be set by a signal handler: no more requests begin.
 */
int load_run(const struct load_options *o, const volatile sig_atomic_t *stop,
    struct report *ret_report, struct err *e);

#endif
