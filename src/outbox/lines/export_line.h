/*
 * An event as one line of JSON, which exports and archives write and imports read:
 *
 *	{"event_id":1,"site":"main","message_id":"...","kind":"track","name":"...","email":"...",
 *	 "status":"delivered","reason":null,"attempts":1,"maybe_sent":0,"received_at":"...",
 *	 "occurred_at":"...","via":"...","arrived_at":"...","settled_at":"...","http_status":200,"error":null,"browser":1,
 *	 "context":{...},"integrations":{...},"sent_at":"...","body":{...}}
 *
 * Members without a value are left out. maybe_sent also counts an attempt in flight, because its
 * outcome is not known yet. body, context, integrations and sent_at are the received bytes; a later
 * import needs them. An event with times of a clock that was not set has "provisional", and cannot
 *be imported. Works on any connection; one thread at a time.
 */
#ifndef OUTBOX_LINES_EXPORT_LINE_H
#define OUTBOX_LINES_EXPORT_LINE_H

#include "base/buf.h"
#include "base/secret/siphash.h"
#include "outbox/file/db.h"

/* Appends the line with its newline. Returns 1, 0 when there is no such event, or -1, also when
 * `to` is full. */
int export_line_append(struct db *db, int64_t event_id, struct buf *to, struct err *e);
/*
 * Like export_line_append; with a key (NULL: none) the line has no personal data. email becomes the
 * keyed hash of the address, so that equal addresses stay equal; in other texts each word with an @
 * becomes "(address)"; received values become null, and "redacted" is the length of the body in
 * bytes.
 */
int export_line_append_redacted(struct db *db, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e);

#endif
