/*
 * Runs the load: keeps all connections busy within the rate until all events are sent or the time
 * is over.
 */
#ifndef TOOLS_LOAD_RUN_H
#define TOOLS_LOAD_RUN_H

#include <signal.h>

#include "load/options.h"
#include "load/report.h"

/*
 * Returns 0 when the run was completed, -1 when it gave up (e says why). ret_report is filled in
 * either case. A signal handler may set *stop: no new request is started.
 */
int load_run(const struct load_options *o, const volatile sig_atomic_t *stop,
    struct report *ret_report, struct err *e);

#endif
