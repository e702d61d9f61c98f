/*
 * An event as one line of JSON, as exports, archives and imports have it:
 *
 *	{"event_id":1,"site":"main","message_id":"...","kind":"track","name":"...","email":"...",
 *	 "status":"delivered","reason":null,"attempts":1,"maybe_sent":0,"received_at":"...",
 *	 "occurred_at":"...","settled_at":"...","http_status":200,"error":null,"browser":1,
 *	 "context":{...},"integrations":{...},"sent_at":"...","body":{...}}
 *
 * Members without a value are left out. maybe_sent counts an attempt under way, too: what becomes
 *of it the line cannot know. body, context, integrations and sent_at are the bytes as they were
 *received, and are what a later import needs. Private to outbox/.
 */
#ifndef OUTBOX_LINES_EXPORT_LINE_H
#define OUTBOX_LINES_EXPORT_LINE_H

#include "base/buf.h"
#include "base/siphash.h"
#include "outbox/file/db.h"

/* Appends the line with its end. 1, 0 when there is no such event, -1. A full `to` is -1 too. */
int export_line_append(struct db *db, int64_t event_id, struct buf *to, struct err *e);
/*
 * The same without what tells of a person, when there is a key (NULL: nothing is changed): email is
 * the address's keyed hash, so that one address stays one address; words with an @ in any text are
 * "(address)"; the received values are null, and "redacted"
 * says how many bytes the body has.
 */
int export_line_append_redacted(struct db *db, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e);

#endif
