/*
 * What leaves the outbox: single events and persons as lines, and copies of the whole file. Works
 * beside the daemon and stops nobody. On the connection of outbox/read/audit.h; one thread.
 */
#ifndef OUTBOX_READ_EXPORT_H
#define OUTBOX_READ_EXPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/siphash.h"
#include "outbox/read/audit.h"

/*
 * Appends one event's line (outbox/lines/export_line.h) with its newline, in a read transaction of
 * its own. With a key (NULL: none) the line is redacted: under one key an address always becomes
 * the same stand-in, and of received values only the size is kept. 1, 0 when there is no such
 * event, -1.
 */
int outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e);

struct outbox_identity {
	struct slice site;
	struct slice line; /* outbox/lines/identity_line.h; absent: too long for any line */
};

/*
 * All statements about ids. In one read transaction; -1 of the callback, with e set, ends it.
 */
int outbox_export_identities(struct outbox_audit *a,
    int (*each)(void *arg, const struct outbox_identity *identity, struct err *e), void *arg,
    struct err *e);

/*
 * Writes a copy of the whole file as it is at the beginning, with what is only in the write-ahead
 * log, and syncs it. Until the copy is complete it is called `file`.part. The log cannot shrink
 * meanwhile. ERR_INPUT: a file of either name exists. After -1 neither is left behind.
 */
int outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e);

/*
 * Creates `file`.part, so that nobody takes an incomplete file for a complete one. Returns a
 * descriptor to write to, or -1. ERR_INPUT: a file of either name exists.
 */
int outbox_part_open(const char *file, struct err *e);
/* Gives the file, written and synced, its name. Never replaces a file. */
int outbox_part_finish(const char *file, struct err *e);
void outbox_part_remove(const char *file);

#endif
