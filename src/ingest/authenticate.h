/* Deciding who a sender is. Main thread. Both return NULL when nothing is wrong. */
#ifndef INGEST_AUTHENTICATE_H
#define INGEST_AUTHENTICATE_H

#include "ingest/request.h"

/* What the head shows of the sender, kept in the request. */
const struct answer *authenticate_head(struct request *r, const struct http_head *h);
/* After the body was parsed: NULL means that r->site_id is known. */
const struct answer *authenticate_body(struct request *r);

#endif
