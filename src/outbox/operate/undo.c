/*
 * Undoes an operation. Fails on errors of the database, and when there is nothing to undo.
 *
 * Each event carries the operation that changed it last (delivery.operation_id), and an operation
 * leaves a known status. Apart from operators only the dispatcher changes a status, from pending to
 * something else or from anything to delivered, and never back. So an event is as its operation
 * left it exactly when it still carries that operation and has that status, even if it was sent,
 * failed and was requeued meanwhile. Attempts that did not change the status leave the event
 * restorable; they stay charged.
 *
 * An undo is an operation like the others, so it can be undone. Events that it restored carry the
 * undo; the operation that they carried before counts as well, so that operations can be taken back
 * one after another, the newest first.
 */
#include <string.h>

#include "outbox/file/db.h"
#include "outbox/operate/operate_private.h"
#include "outbox/operate/operation_row.h"
#include "outbox/operate/undo.h"
#include "outbox/write/unresolved.h"

/* An operation, read from its row. */
struct operation {
	int64_t id;
	enum operate_verb verb;
	int64_t undoes; /* 0: not an undo */
};

struct candidate {
	int64_t event_id;
	bool there; /* the event's row exists; the following fields come from this row */
	enum event_status status;
	int64_t operation_id; /* the last operation that changed it; 0: none */
	int64_t attempts;     /* attempts to restore */
};

struct candidates {
	struct candidate c[OPERATE_STEP];
	size_t n;
};

/* Returns 1, 0 when there is no such operation, or -1. ERR_INPUT: it changed no events. */
static int
find_operation(struct db *db, int64_t id, struct operation *ret, struct err *e)
{
	struct db_rows rows = stmt_operation_find(db, id, e);
	struct stmt_operation_find_row row;
	int rc = stmt_operation_find_next(&rows, &row, e);
	struct slice verb;

	if (rc != 1)
		return rc;
	verb = row.verb;
	*ret = (struct operation){ .id = id, .undoes = row.undoes };
	if (operate_verb_parse(verb, &ret->verb) != 0)
		rc = err_set(e, ERR_INPUT, "operation %lld is a%s %.*s: it cannot be undone",
		    (long long)id, verb.n > 0 && strchr("aeiou", verb.p[0]) != NULL ? "n" : "",
		    (int)verb.n, verb.p);
	db_rows_end(&rows);
	return rc;
}

static void
read_candidate(const struct stmt_undo_events_row *row, struct candidate *c)
{
	*c = (struct candidate){
		.event_id = row->event_id,
		.operation_id = row->operation_id,
		/* Adds the attempts that were charged since the operation. */
		.attempts = row->attempts_before + row->attempts - row->attempts_left,
	};
	c->there = status_parse(row->status, &c->status) == 0;
	if (c->attempts < 0)
		c->attempts = 0;
}

static int
select_candidates(
    struct db *db, const struct outbox_operation *op, struct candidates *s, struct err *e)
{
	struct db_rows rows = stmt_undo_events(db,
	    &(struct stmt_undo_events){
		.operation_id = op->undoes,
		.after = op->after_event_id,
		.max = OPERATE_STEP,
	    },
	    e);
	struct stmt_undo_events_row row;
	int rc;

	while ((rc = stmt_undo_events_next(&rows, &row, e)) == 1)
		read_candidate(&row, &s->c[s->n++]);
	return rc;
}

/* Reads the event's state before an operation. Returns 1, 0 when the event was not part of it, or
 * -1. */
static int
find_before(struct db *db, int64_t operation_id, int64_t event_id, enum event_status *ret_status,
    int64_t *ret_operation_id, struct err *e)
{
	struct db_rows rows = stmt_undo_before(db,
	    &(struct stmt_undo_before){ .operation_id = operation_id, .event_id = event_id }, e);
	struct stmt_undo_before_row row;
	int rc = stmt_undo_before_next(&rows, &row, e);

	if (rc != 1)
		return rc;
	*ret_operation_id = row.operation_before;
	rc = status_parse(row.status, ret_status) == 0 ? 1 : 0;
	db_rows_end(&rows);
	return rc;
}

/*
 * Finds the operation in force for an event: the one in its row or, when that is an undo of an
 * operation other than ours, the one before it. Each is older than the last; reaching one that is
 * older than ours means that ours was undone.
 */
static int
find_in_force(struct db *db, const struct operation *ours, const struct candidate *c,
    int64_t *ret_operation_id, struct err *e)
{
	int64_t id = c->operation_id, before;
	enum event_status status;
	struct operation f = { .id = 0 };
	int rc;

	while (id > ours->id) {
		rc = find_operation(db, id, &f, e);
		if (rc < 0)
			return -1;
		if (rc == 0 || f.undoes == 0)
			break;
		rc = find_before(db, f.undoes, c->event_id, &status, &before, e);
		if (rc < 0)
			return -1;
		id = rc == 1 ? before : 0;
	}
	*ret_operation_id = id;
	return 0;
}

/* Returns the status that our operation gave the event. */
static int
find_status_left(struct db *db, const struct operation *ours, int64_t event_id,
    enum event_status *ret_status, struct err *e)
{
	int64_t before;

	if (ours->undoes == 0) {
		*ret_status = operate_verb_leaves(ours->verb);
		return 0;
	}
	return find_before(db, ours->undoes, event_id, ret_status, &before, e) < 0 ? -1 : 0;
}

/* Returns 1 when the event can be restored, 0 when not (the reason is counted), or -1. */
static int
can_restore(struct db *db, struct outbox_operation *op, const struct operation *ours,
    const struct candidate *c, struct err *e)
{
	enum event_status left = STATUS_DELIVERED;
	int64_t in_force;

	if (!c->there) {
		op->left.gone++;
		return 0;
	}
	if (find_in_force(db, ours, c, &in_force, e) != 0
	    || find_status_left(db, ours, c->event_id, &left, e) != 0)
		return -1;
	if (in_force == ours->id && c->status == left)
		return 1;
	if (in_force > ours->id) {
		op->left.changed++;
		op->left.changed_by = in_force;
	} else if (in_force < ours->id) {
		op->left.undone++;
	} else if (c->status == STATUS_DELIVERED) {
		op->left.delivered++;
	} else {
		op->left.settled++;
	}
	return 0;
}

static int
begin_undo(struct db *db, struct outbox_operation *op, const struct operation *ours, int64_t now,
    struct err *e)
{
	if (operate_begin(db, op, now, e) != 0
	    || stmt_operation_mark_undone(db,
		   &(struct stmt_operation_mark_undone){
		       .operation_id = ours->id,
		       .undone_by = op->operation_id,
		   },
		   e)
		   != 0)
		return -1;
	/* Undoing an undo puts the original operation in force again. */
	return stmt_operation_mark_in_force(db,
	    &(struct stmt_operation_mark_in_force){
		.operation_id = ours->undoes,
		.undone_by = ours->id,
	    },
	    e);
}

static int
restore(struct db *db, struct outbox_operation *op, const struct operation *ours,
    const struct candidate *c, int64_t now, struct err *e)
{
	if (op->dry_run)
		return 0;
	if (op->operation_id == 0 && begin_undo(db, op, ours, now, e) != 0)
		return -1;
	if (stmt_operation_remember(db,
		&(struct stmt_operation_remember){
		    .operation_id = op->operation_id,
		    .event_id = c->event_id,
		    .attempts_left = db_int_if(true, c->attempts),
		},
		e)
		!= 0
	    || stmt_undo_restore(db,
		   &(struct stmt_undo_restore){
		       .undone = ours->id,
		       .event_id = c->event_id,
		       .operation_id = op->operation_id,
		       .attempts = c->attempts,
		   },
		   e)
		   != 0)
		return -1;
	return unresolved_check_event(db, c->event_id, now, e);
}

static int
undo_candidates(struct db *db, struct outbox_operation *op, const struct operation *ours,
    struct candidates *s, int64_t now, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct candidate *c = &s->c[i];

		rc = can_restore(db, op, ours, c, e);
		if (rc < 0 || (rc == 1 && restore(db, op, ours, c, now, e) != 0))
			return -1;
		op->n_events += rc;
		op->after_event_id = c->event_id;
	}
	op->more = s->n == OPERATE_STEP;
	return op->operation_id == 0 ? 0
				     : operation_row_count(db, op->operation_id, op->n_events, e);
}

int
undo_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e)
{
	struct candidates s = { .n = 0 };
	struct operation ours = { .id = 0 };
	int rc = find_operation(db, op->undoes, &ours, e);

	if (rc == 0)
		return err_set(
		    e, ERR_NOTFOUND, "there is no operation %lld", (long long)op->undoes);
	if (rc < 0 || select_candidates(db, op, &s, e) != 0)
		return -1;
	return undo_candidates(db, op, &ours, &s, now, e);
}
