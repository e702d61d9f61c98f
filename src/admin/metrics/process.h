/* What the kernel knows of this process. Admin's thread; process_started on any. */
#ifndef ADMIN_METRICS_PROCESS_H
#define ADMIN_METRICS_PROCESS_H

#include <stdint.h>

#include "base/clock.h"

struct exposition;

/* Returns when the process started, wall ms by the present clock. */
int64_t process_started(const struct clock *clock);
/* Writes the metrics process_*; leaves out what the kernel does not show. */
void process_expose(struct exposition *x, int64_t started_ms);

#endif
