/*
 * An event as one line of JSON, as exports, archives and imports have it:
 *
 *	{"event_id":1,"site":"main","message_id":"...","kind":"track","name":"...","email":"...",
 *	 "status":"delivered","reason":null,"attempts":1,"maybe_sent":0,"received_at":"...",
 *	 "occurred_at":"...","settled_at":"...","http_status":200,"error":null,
 *	 "context":{...},"integrations":{...},"sent_at":"...","body":{...}}
 *
 * Members without a value are left out. body, context, integrations and sent_at are the bytes as
 * they were received, and are what a later import needs. Private to outbox/.
 */
#ifndef OUTBOX_NDJSON_H
#define OUTBOX_NDJSON_H

#include "base/buf.h"
#include "outbox/db.h"

/* Appends the line with its end. 1, 0 when there is no such event, -1. A full `to` is -1 too. */
int ndjson_append(struct db *db, int64_t event_id, struct buf *to, struct err *e);

#endif
