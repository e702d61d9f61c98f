/*
 * OUTBOX_PURGE: retention. It first removes the bodies of events that were settled long ago, and
 * later their rows. It runs in steps; the sender sends the same message again until `more` is
 * false.
 *
 * A pass reads every delivery row in the order of ids. The rows are narrow (5 million a second were
 * measured), which saves an index that each event would have to update. Pending events, and events
 * without a time of settling, are never changed. With an event's rows the pass removes its places
 * in attempts, attempts that have no event left, and the envelope of its batch once no event needs
 * it.
 *
 * With an archive, the lines of each step (outbox/lines/export_line.h) are written to it and synced
 * before the step is committed. A crash in between can write a line twice, but never loses one.
 */
#ifndef OUTBOX_OPERATE_PURGE_H
#define OUTBOX_OPERATE_PURGE_H

#include <stdbool.h>
#include <stdint.h>

#include "event/kind.h"
#include "outbox/outbox.h"

#define PURGE_STEP 500      /* events that one step changes, */
#define PURGE_STEP_TIGHT 16 /* or while less than the outbox's reserve is free */
#define PURGE_SCAN 2000     /* rows that one step reads; commits wait for it, a few ms */
/* The number of pages that one step returns to the file system, and the free pages that may stay
 * for new events: a share of the file (1/10) and a fixed number. */
#define PURGE_VACUUM_PAGES 512
#define PURGE_FREE_SHARE 10
#define PURGE_FREE_PAGES 64

#define PURGE_NEVER INT64_MIN

/* Purge events that were settled before these times (wall ms); PURGE_NEVER keeps them.
 * STATUS_PENDING is ignored. */
struct purge_limits {
	int64_t payload_before[STATUS_COUNT];
	int64_t rows_before[STATUS_COUNT];
};

struct outbox_purge {
	struct outbox_msg msg;
	const struct purge_limits *limits;
	const char *archive; /* a directory; NULL or "": none */
	const char *actor;   /* for the audit: the person, or the program */
	bool dry_run;        /* only count */
	/* progress; the sender does not change it between steps */
	int64_t after_event_id; /* 0 at first */
	int64_t operation_id;   /* 0 while nothing was changed */
	int64_t n_payloads;
	int64_t n_rows;
	bool scanned; /* all rows were read; now free pages are returned */
	bool more;
};

struct db;

/*
 * Runs one step inside the writer's transaction; now: wall ms; tight: little space is free. After
 * an error the sender restores the former values of the progress fields. ERR_STATE: the archive
 * cannot be written.
 */
int purge_step(struct db *db, struct outbox_purge *purge, bool tight, int64_t now, struct err *e);

#endif
