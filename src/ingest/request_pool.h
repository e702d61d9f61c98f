/* The memory of requests, spare requests, and their charges to the quota. Main thread. */
#ifndef INGEST_REQUEST_POOL_H
#define INGEST_REQUEST_POOL_H

#include "ingest/request.h"

/* Returns NULL without memory. */
struct request *request_take(struct ingest *in);
/* Keeps r as a spare request, or frees it. */
void request_release(struct request *r);
void request_free(struct request *r);
void request_free_spare(struct ingest *in);
/*
 * Charges the events of a body to the quota while the request waits for the writer: many tiny
 * events need more memory than their text. Returns -1 when the quota does not allow it.
 */
int request_charge_events(struct request *r);
/*
 * Returns how many events of the body fit into the whole quota: a body with more can never be
 * accepted.
 */
size_t request_max_events(const struct request *r);

#endif
