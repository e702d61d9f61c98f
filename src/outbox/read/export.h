/*
 * Exports from the outbox: events and statements about ids as lines, and copies of the whole file.
 * It works beside the daemon and blocks nobody. Uses the connection of outbox/read/audit.h; one
 * thread.
 */
#ifndef OUTBOX_READ_EXPORT_H
#define OUTBOX_READ_EXPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret/siphash.h"
#include "outbox/read/audit.h"

/*
 * Appends one event's line (outbox/lines/export_line.h) with its newline, in a read transaction of
 * its own. With a key (NULL: none) the line is redacted: one key always turns an address into the
 * same stand-in, and received values are reduced to their size. Returns 1, 0 when there is no such
 * event, or -1.
 */
int outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e);

struct outbox_identity {
	struct slice site;
	struct slice line; /* see outbox/lines/identity_line.h; absent: too long for a line */
};

/*
 * Visits all statements about ids in one read transaction. A callback that returns -1, with e set,
 * ends it.
 */
int outbox_export_identities(struct outbox_audit *a,
    int (*each)(void *arg, const struct outbox_identity *identity, struct err *e), void *arg,
    struct err *e);

/*
 * Writes a copy of the whole file as of the start of the call, including the write-ahead log, and
 * syncs it. The copy is called `file`.part until it is complete. The log cannot shrink meanwhile.
 * ERR_INPUT: a file of either name exists. After -1 neither file exists.
 */
int outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e);

#endif
