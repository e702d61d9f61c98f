/* A request's way to the outbox writer and back. Main thread. */
#ifndef INGEST_WRITER_LINK_H
#define INGEST_WRITER_LINK_H

#include "ingest/request.h"

/* Sends the parsed events to the writer; the request is answered after their commit. */
void writer_link_send(struct request *r);
int writer_link_open(struct ingest *in, struct event_base *base, struct err *e);
/* Call it after outbox_stop. Frees the requests that the writer has returned meanwhile. */
void writer_link_close(struct ingest *in);

#endif
