/*
 * Which events each site forwards (event/mapping/admit), applied to the events of a request.
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

/* Copies what it needs. */
int admission_new(const struct ingest_site_options *sites, size_t n,
    struct admission **ret_admission, struct err *e);
/* NULL is fine. */
void admission_free(struct admission *a);
/*
 * Gives events that are pending, or unsupported as far as their kind goes, the status that the site
 * wants. browser: the request had an Origin.
 */
void admission_apply(
    const struct admission *a, int64_t site_id, struct segment_request *r, bool browser);

#endif
