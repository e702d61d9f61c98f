/*
 * What operators do to a selection of events: each operation is a row, with the state before it.
 *
 * An operation runs in slices of a bounded number of events, each slice a transaction of its own,
 * so that it never stops ingest. Run by the writer: through outbox_send while a daemon runs, or
 * through a writer that the CLI opens itself when none does.
 */
#ifndef OUTBOX_OPERATE_OPERATE_H
#define OUTBOX_OPERATE_OPERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/filter/filter.h"
#include "outbox/outbox.h"

#define OPERATE_STEP 500   /* events a transaction */
#define OPERATE_SCAN 50000 /* rows that one slice looks at, so that a rare match costs no pause */

/*
 * requeue: failed, invalid, held, discarded and unsupported events become pending, due at once,
 *	with no attempts charged and in batches of any size. What is pending stays as it is. What is
 *	delivered is sent again only when the filter says so itself, by an id, a message id or the
 *	status: `--all` and `--since 2h` are what an operator types after an outage, and must not
 *	send the good ones twice.
 * hold: pending becomes held. release: held becomes pending, due at once, and goes on where it was.
 * discard: whatever is not delivered becomes discarded.
 * expire: pending and held become failed, as if they were too old.
 * undo: what an earlier operation changed becomes what it was before; see undo.c.
 *
 * No request that begins after an operation carries what it took from pending (attempts_begin sees
 * to it). One that is under way ends by itself: delivered overrides what an operator did, because
 *it is the truth, and nothing else does.
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
/* 0, or -1 when name is no verb. */
int operate_verb_parse(struct slice name, enum operate_verb *ret_verb);
/*
 * The statuses, as a set (1u << enum event_status), of the events that the verb would change; 0
 * when the filter selects none that it can. For a dry run: count with a copy of the filter that
 * has these statuses.
 */
unsigned operate_statuses(enum operate_verb verb, const struct outbox_filter *filter);

/* What an undo had to leave as it is, and why. */
struct undo_left {
	int64_t delivered;  /* meanwhile */
	int64_t settled;    /* failed, held, ... since, by no operator */
	int64_t changed;    /* by later operations */
	int64_t changed_by; /* one of them */
	int64_t undone;     /* they were restored before */
	int64_t gone;       /* retention took the row */
};

/* OUTBOX_OPERATE. The sender owns the strings and the filter until done(). */
struct outbox_operation {
	struct outbox_msg msg;
	enum operate_verb verb;
	const struct outbox_filter *filter; /* NULL: undo */
	int64_t undoes;                     /* undo: the operation that is taken back */
	bool dry_run;                       /* undo: only count */
	const char *actor;                  /* who, for the audit */
	const char *note;                   /* NULL: none */
	/* result of one slice; send the same message again until `more` is false */
	int64_t operation_id;   /* 0 at first: made when the first event matches */
	int64_t after_event_id; /* 0 at first: where the last slice stopped */
	int64_t last_event_id;  /* 0 at first: the newest when it began; later ones are not meant */
	int64_t n_events;       /* changed so far */
	struct undo_left left;
	bool more;
};

struct db;

/*
 * One slice, inside the writer's transaction. The result fields are written even when the commit
 * fails later: after an error the sender goes back to what they were before the slice. ERR_INPUT
 * when the filter is empty; of undo: ERR_NOTFOUND when there is no such operation, ERR_INPUT when
 * it is none that changed events.
 */
int operate_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
