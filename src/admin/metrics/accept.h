/* The choice of a format by the Accept header. Pure. */
#ifndef ADMIN_METRICS_ACCEPT_H
#define ADMIN_METRICS_ACCEPT_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Whether the client takes OpenMetrics 1.0 (application/openmetrics-text, with version=1.0.0 or
 * without a version), and prefers nothing that also fits text/plain. An absent header: false.
 */
bool accept_prefers_openmetrics(struct slice accept);

#endif
