/*
 * OUTBOX_PURGE: retention. Of events that were settled long ago the bodies go first, and the whole
 * rows later. It runs in steps; the sender sends the same message again until `more` is false.
 *
 * A pass looks at every delivery row in the order of ids: the rows are narrow (5 million a second
 * were measured), so no index is needed that each event would pay for. Pending events, and events
 * without a time of settling, are never touched. With an event's rows go its places in attempts,
 * attempts that have no event left, and what its batch said once no event needs that.
 *
 * With an archive, the lines of each step (outbox/lines/export_line.h) are written to it and synced
 * before the step is committed. A crash in between can leave a line twice, but never lose one.
 */
#ifndef OUTBOX_OPERATE_PURGE_H
#define OUTBOX_OPERATE_PURGE_H

#include <stdbool.h>
#include <stdint.h>

#include "event/kind.h"
#include "outbox/outbox.h"

#define PURGE_STEP 500   /* events that one step changes */
#define PURGE_SCAN 20000 /* rows that one step looks at */
/* Pages that one step gives back to the file system, and how many free pages may stay for new
 * events: a share of the file (1/10) and a fixed number. */
#define PURGE_VACUUM_PAGES 512
#define PURGE_FREE_SHARE 10
#define PURGE_FREE_PAGES 64

#define PURGE_NEVER INT64_MIN

/* Purge what was settled before these times (wall ms); PURGE_NEVER keeps it. STATUS_PENDING is
 * ignored. */
struct purge_limits {
	int64_t payload_before[STATUS_COUNT];
	int64_t rows_before[STATUS_COUNT];
};

struct outbox_purge {
	struct outbox_msg msg;
	const struct purge_limits *limits;
	const char *archive; /* a folder; NULL or "": none */
	const char *actor;   /* who, for the audit */
	bool dry_run;        /* only count */
	/* progress; the sender leaves it as it is between two steps */
	int64_t after_event_id; /* 0 at first */
	int64_t operation_id;   /* 0 as long as nothing was changed */
	int64_t n_payloads;
	int64_t n_rows;
	bool scanned; /* all rows were looked at; now free pages are given back */
	bool more;
};

struct db;

/*
 * One step, inside the writer's transaction; now: wall ms. After an error the sender sets the
 * progress fields back to what they were before. ERR_STATE: the archive cannot be written.
 */
int purge_step(struct db *db, struct outbox_purge *purge, int64_t now, struct err *e);

#endif
