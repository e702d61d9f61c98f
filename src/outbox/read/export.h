/*
 * What leaves the outbox as a whole: single events as lines (outbox/lines/export_line.h says how
 * they look), and copies of the file. Both read beside the daemon and stop nobody. One thread.
 */
#ifndef OUTBOX_READ_EXPORT_H
#define OUTBOX_READ_EXPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/siphash.h"
#include "outbox/read/audit.h"

/*
 * Appends one event's line with its end, in a read transaction of its own. With a key (NULL: none)
 * it is redacted: each address becomes the same stand-in as long as the key is the same, and what
 * was received is only counted. 1, 0 when there is no such event, -1; a full `to` is -1 too.
 */
int outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e);

struct outbox_person {
	struct slice site;
	size_t n_ids;
	struct slice
	    line; /* outbox/person_line.h, without its end; absent: longer than any can be */
};

/*
 * Each person whose ids are known; more ids than a line can have make two persons. In one read
 * transaction; -1 of the callback ends it.
 */
int outbox_export_persons(struct outbox_audit *a,
    int (*each)(void *arg, const struct outbox_person *person, struct err *e), void *arg,
    struct err *e);

/*
 * Writes a copy of the whole file as it is at the beginning, what is only in the write-ahead log
 * among it, and syncs it. It has its name only once it is complete; until then it is `file`.part.
 * The log cannot shrink while it is copied. ERR_INPUT when there is a file of that name or a part;
 * after -1 there is neither of ours.
 */
int outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e);

/*
 * Makes FILE.part for a file that is not there yet, so that nobody takes half of it for the whole;
 * a descriptor to write to, or -1. ERR_INPUT when there is one of either name.
 */
int outbox_part_open(const char *file, struct err *e);
/* Gives what is written and synced its name, which is never one that is there. */
int outbox_part_finish(const char *file, struct err *e);
void outbox_part_remove(const char *file);

#endif
