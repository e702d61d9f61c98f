/*
 * OUTBOX_OPERATE: an operator's change to a selection of events. Each operation has a row and
 * stores the previous state of every event, so that it can be undone.
 *
 * An operation runs in steps, each a transaction with a bounded number of events, so that ingest
 * never stops. The sender sends the same message again until `more` is false.
 */
#ifndef OUTBOX_OPERATE_OPERATE_H
#define OUTBOX_OPERATE_OPERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/filter/filter.h"
#include "outbox/outbox.h"

#define OPERATE_STEP 500   /* events that one step changes */
#define OPERATE_SCAN 50000 /* rows that one step reads, so that rare matches cause no pause */

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
 * A requeue or a release whose filter names damaged events, by an id, a message id or the reason
 * "damaged", accepts them as they are now. Otherwise they are held again before they are sent.
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
 * Returns the set of statuses (1u << enum event_status) that the verb would change; 0 when the
 * filter selects none that it can change. A dry run counts with a copy of the filter that has these
 * statuses.
 */
unsigned operate_statuses(enum operate_verb verb, const struct outbox_filter *filter);

/* Events that an undo could not restore, by reason. */
struct undo_left {
	int64_t delivered;  /* delivered meanwhile */
	int64_t settled;    /* failed, held, ... meanwhile, but not by an operator */
	int64_t changed;    /* changed by later operations */
	int64_t changed_by; /* the id of one of these operations */
	int64_t undone;     /* already restored by an earlier undo */
	int64_t gone;       /* retention removed the row */
};

struct outbox_operation {
	struct outbox_msg msg;
	enum operate_verb verb;
	const struct outbox_filter *filter; /* NULL for an undo */
	int64_t undoes;                     /* undo: the operation to undo */
	bool dry_run;                       /* undo: only count */
	const char *actor;                  /* for the audit: the person who operates */
	const char *note;                   /* NULL: none */
	/* progress; the sender does not change it between steps */
	int64_t operation_id;   /* 0 at first; set when the first event matches */
	int64_t after_event_id; /* 0 at first: where the last step stopped */
	int64_t last_event_id;  /* 0 at first; the newest event when the operation began, where it
				   ends */
	int64_t n_events;       /* events changed so far */
	struct undo_left left;
	bool more;
};

struct db;

/*
 * Runs one step inside the writer's transaction; now: wall ms. The progress fields are written even
 * when the commit fails later: after an error the sender restores their former values. ERR_INPUT:
 * the filter is empty, or the operation to undo changed no events. ERR_NOTFOUND: the operation to
 * undo does not exist.
 */
int operate_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
