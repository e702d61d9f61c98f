/*
 * OUTBOX_OPERATE: what operators do to a selection of events. Each operation is a row, and it
 * remembers the state of every event before it, so that it can be undone.
 *
 * An operation runs in steps of a bounded number of events, each a transaction of its own, so that
 * it never stops ingest. The sender sends the same message again until `more` is false.
 */
#ifndef OUTBOX_OPERATE_OPERATE_H
#define OUTBOX_OPERATE_OPERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/filter/filter.h"
#include "outbox/outbox.h"

#define OPERATE_STEP 500   /* events that one step changes */
#define OPERATE_SCAN 50000 /* rows that one step looks at, so that a rare match causes no pause */

/*
 * requeue: failed, invalid, held, discarded and unsupported events become pending, due at once,
 * with no attempts charged and in batches of any size. Pending events stay as they are. Delivered
 * events are sent again only when the filter names them, by an id, a message id or the status:
 * after an outage an operator types `--all` or `--since 2h`, and that must not send events twice.
 *
 * hold: pending events become held.
 *
 * release: held events become pending, due at once, with the attempts that they had.
 *
 * discard: events that are not delivered become discarded.
 *
 * expire: pending and held events become failed, as if they were too old.
 *
 * undo: the events that an earlier operation changed become what they were before (undo.c).
 *
 * A request that begins after an operation carries no event that the operation took from pending
 * (OUTBOX_ATTEMPT_BEGIN fails). A request in flight goes on: if it delivers an event, that
 * overrides the operation, because it is the truth; no other outcome does.
 */
enum operate_verb {
	OPERATE_REQUEUE,
	OPERATE_HOLD,
	OPERATE_RELEASE,
	OPERATE_DISCARD,
	OPERATE_EXPIRE,
	OPERATE_UNDO
};

const char *operate_verb_name(enum operate_verb verb);
/* "requeued", "held", ... */
const char *operate_verb_past(enum operate_verb verb);
/* 0, or -1 when name is not a verb. */
int operate_verb_parse(struct slice name, enum operate_verb *ret_verb);
/*
 * The statuses of the events that the verb would change, as a set (1u << enum event_status); 0 when
 * the filter selects none that the verb can change. For a dry run, count with a copy of the filter
 * that has these statuses.
 */
unsigned operate_statuses(enum operate_verb verb, const struct outbox_filter *filter);

/* Events that an undo could not restore, by reason. */
struct undo_left {
	int64_t delivered;  /* meanwhile */
	int64_t settled;    /* failed, held, ... since, not by an operator */
	int64_t changed;    /* by later operations */
	int64_t changed_by; /* one of those operations */
	int64_t undone;     /* restored by an earlier undo */
	int64_t gone;       /* retention removed the row */
};

struct outbox_operation {
	struct outbox_msg msg;
	enum operate_verb verb;
	const struct outbox_filter *filter; /* NULL: undo */
	int64_t undoes;                     /* undo: the operation that is taken back */
	bool dry_run;                       /* undo: only count */
	const char *actor;                  /* who, for the audit */
	const char *note;                   /* NULL: none */
	/* progress; the sender leaves it as it is between two steps */
	int64_t operation_id;   /* 0 at first: made when the first event matches */
	int64_t after_event_id; /* 0 at first: where the last step stopped */
	int64_t last_event_id;  /* 0 at first: the newest event when the operation began, its end */
	int64_t n_events;       /* changed so far */
	struct undo_left left;
	bool more;
};

struct db;

/*
 * One step, inside the writer's transaction; now: wall ms. The progress fields are written even
 * when the commit fails later: after an error the sender sets them back to what they were before.
 * ERR_INPUT: the filter is empty, or the operation to undo changed no events. ERR_NOTFOUND: the
 * operation to undo does not exist.
 */
int operate_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
