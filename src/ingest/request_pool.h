/* Memory of requests, spare ones and what is charged for them. Main thread. */
#ifndef INGEST_REQUEST_POOL_H
#define INGEST_REQUEST_POOL_H

#include "ingest/request.h"

/* NULL without memory. */
struct request *request_take(struct ingest *in);
/* Back to the spare ones. */
void request_release(struct request *r);
void request_free(struct request *r);
void request_free_spare(struct ingest *in);
/*
 * Many tiny events take more memory than their text: they are charged for as long as the request
 * waits for the writer. -1 when the quota does not allow it.
 */
int request_charge_events(struct request *r);
/*
 * How many events of the body could be held if nothing else were: a body with more can never be
 * accepted.
 */
size_t request_max_events(const struct request *r);

#endif
