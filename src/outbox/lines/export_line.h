/*
 * An event as one line of JSON, as exports and archives write it and imports read it:
 *
 *	{"event_id":1,"site":"main","message_id":"...","kind":"track","name":"...","email":"...",
 *	 "status":"delivered","reason":null,"attempts":1,"maybe_sent":0,"received_at":"...",
 *	 "occurred_at":"...","settled_at":"...","http_status":200,"error":null,"browser":1,
 *	 "context":{...},"integrations":{...},"sent_at":"...","body":{...}}
 *
 * Members without a value are left out. maybe_sent also counts an attempt under way, because the
 * line cannot know its end. body, context, integrations and sent_at are the bytes as they were
 * received, and are what a later import needs. On any connection; one thread at a time.
 */
#ifndef OUTBOX_LINES_EXPORT_LINE_H
#define OUTBOX_LINES_EXPORT_LINE_H

#include "base/buf.h"
#include "base/siphash.h"
#include "outbox/file/db.h"

/* Appends the line with its newline. 1, 0 when there is no such event, -1. A full `to` is -1. */
int export_line_append(struct db *db, int64_t event_id, struct buf *to, struct err *e);
/*
 * Appends the line without personal data when there is a key (NULL: unchanged). email is then the
 * keyed hash of the address, so that one address stays one; in other texts words with an @ become
 * "(address)"; received values are null, and "redacted" is the length of the body in bytes.
 */
int export_line_append_redacted(struct db *db, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e);

#endif
