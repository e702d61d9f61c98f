/*
 * Retention: bodies of events that were settled long ago go first, whole rows later. Writer thread,
 * through outbox_send, in slices.
 *
 * A pass looks at every delivery row in the order of its id: they are narrow (five million a second
 * were measured), and no index that each event would pay for is needed. What waits, and what has
 * no time of settling, is never touched. With a row go its part of the attempts, the attempts that
 * nobody is left of, and what its batch said; attempts are kept as long as one of their events.
 *
 * With an archive each slice is written to it, as lines of outbox/lines/export_line.h in gzip
 * members, and synced before the slice is committed: a crash in between may leave a line twice,
 * never lose one.
 */
#ifndef OUTBOX_OPERATE_PURGE_H
#define OUTBOX_OPERATE_PURGE_H

#include <stdbool.h>
#include <stdint.h>

#include "event/kind.h"
#include "outbox/outbox.h"

#define PURGE_STEP 500   /* events that one transaction changes */
#define PURGE_SCAN 20000 /* rows that it looks at */
/* Pages that are given back to the file system in one slice, and what may stay free for what comes
 * next: a tenth of the file and so many pages. */
#define PURGE_VACUUM_PAGES 512
#define PURGE_FREE_SHARE 10
#define PURGE_FREE_PAGES 64
/* A messageId is remembered for at least this long. */
#define PURGE_ROWS_MIN_MS (7 * INT64_C(86400000))

#define PURGE_NEVER INT64_MIN

/* Settled before these (wall ms); PURGE_NEVER keeps them. STATUS_PENDING is not looked at. */
struct purge_limits {
	int64_t payload_before[STATUS_COUNT];
	int64_t rows_before[STATUS_COUNT];
};

/* OUTBOX_PURGE. Strings and limits stay the sender's until done(). */
struct outbox_purge {
	struct outbox_msg msg;
	const struct purge_limits *limits;
	const char *archive; /* a folder; NULL or "": what goes is gone */
	const char *actor;   /* who, for the audit */
	bool dry_run;        /* only count */
	/* result of one slice; send the same message again until `more` is false */
	int64_t after_event_id; /* 0 at first */
	int64_t operation_id;   /* 0 as long as nothing was changed */
	int64_t n_payloads;
	int64_t n_rows;
	bool scanned; /* all rows were looked at; what is left is giving space back */
	bool more;
};

struct db;

/* One slice, inside the writer's transaction. After an error the sender goes back to what the
 * result fields were before the slice. */
int purge_step(struct db *db, struct outbox_purge *purge, int64_t now, struct err *e);

#endif
