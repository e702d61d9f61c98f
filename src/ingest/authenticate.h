/* Finds out who the sender is. Main thread. Both functions return NULL, or the answer that refuses
 * the request. */
#ifndef INGEST_AUTHENTICATE_H
#define INGEST_AUTHENTICATE_H

#include "ingest/request.h"

/* Checks the head, and stores in r what the head says about the sender. */
const struct answer *authenticate_head(struct request *r, const struct http_head *h);
/* Call it after the body was parsed. After NULL r->site_id is known. */
const struct answer *authenticate_body(struct request *r);

#endif
