/*
 * Applies each site's choice of events to forward (event/mapping/admit) to the events of a request.
 * Main thread.
 */
#ifndef INGEST_ADMISSION_H
#define INGEST_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "event/segment/segment.h"

struct admission;
struct ingest_site_options;

/* Copies the options that it needs. */
int admission_new(const struct ingest_site_options *sites, size_t n,
    struct admission **ret_admission, struct err *e);
/* NULL is allowed. */
void admission_free(struct admission *a);
/*
 * Gives events the status that the site wants: those that are pending, and those that are
 * unsupported because of their kind. browser: the request had an Origin header.
 */
void admission_apply(
    const struct admission *a, int64_t site_id, struct segment_request *r, bool browser);

#endif
