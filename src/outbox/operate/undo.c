/*
 * Taking an operation back.
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
#include "outbox/write/sites.h"
#include "outbox/write/unresolved.h"

/* An operation, from its row. */
struct operation {
	int64_t id;
	enum operate_verb verb;
	int64_t undoes; /* 0: it is not an undo */
};

struct candidate {
	int64_t event_id;
	bool there; /* its row is still there; the following is from it */
	enum event_status status;
	int64_t operation_id; /* the last that changed it; 0: none */
	int64_t attempts;     /* to restore */
};

struct candidates {
	struct candidate c[OPERATE_STEP];
	size_t n;
};

/* 1, 0 there is none, -1. ERR_INPUT: it changed no events. */
static int
find_operation(struct db *db, int64_t id, struct operation *ret, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_UNDO_FIND, e);
	struct slice verb;
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, id);
	rc = db_step(db, stmt, e);
	if (rc != 1)
		return rc;
	verb = db_text(stmt, 0);
	*ret = (struct operation){ .id = id, .undoes = db_int(stmt, 1) };
	if (operate_verb_parse(verb, &ret->verb) != 0)
		rc = err_set(e, ERR_INPUT, "operation %lld is a%s %.*s: it cannot be undone",
		    (long long)id, verb.n > 0 && strchr("aeiou", verb.p[0]) != NULL ? "n" : "",
		    (int)verb.n, verb.p);
	db_done(stmt);
	return rc;
}

static void
read_candidate(sqlite3_stmt *stmt, struct candidate *c)
{
	*c = (struct candidate){
		.event_id = db_int(stmt, 0),
		.operation_id = db_int(stmt, 2),
		/* Attempts that were charged since then stay. */
		.attempts = db_int(stmt, 4) + db_int(stmt, 3) - db_int(stmt, 5),
	};
	c->there = status_parse(db_text(stmt, 1), &c->status) == 0;
	if (c->attempts < 0)
		c->attempts = 0;
}

static int
select_candidates(
    struct db *db, const struct outbox_operation *op, struct candidates *s, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_UNDO_EVENTS, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, op->undoes);
	db_bind_int(stmt, 2, op->after_event_id);
	db_bind_int(stmt, 3, OPERATE_STEP);
	while ((rc = db_step(db, stmt, e)) == 1)
		read_candidate(stmt, &s->c[s->n++]);
	return rc;
}

/* How an event stood before an operation: 1, 0 it was not part of it, -1. */
static int
find_before(struct db *db, int64_t operation_id, int64_t event_id, enum event_status *ret_status,
    int64_t *ret_operation_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_UNDO_BEFORE, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, operation_id);
	db_bind_int(stmt, 2, event_id);
	rc = db_step(db, stmt, e);
	if (rc != 1)
		return rc;
	*ret_operation_id = db_int(stmt, 1);
	rc = status_parse(db_text(stmt, 0), ret_status) == 0 ? 1 : 0;
	db_done(stmt);
	return rc;
}

/*
 * The operation in force for an event: the one that it carries or, if that is an undo of another
 * operation than ours, the one it carried before. Each is older than the last; when one is older
 * than ours, ours was undone.
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

/* The status that our operation left the event in. */
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

/* 1: the event can be restored. 0: it cannot, and the reason is counted. -1. */
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
	sqlite3_stmt *note, *again;

	if (operate_begin(db, op, now, e) != 0)
		return -1;
	note = db_stmt(db, STMT_UNDO_NOTE, e);
	again = db_stmt(db, STMT_UNDO_AGAIN, e);
	if (note == NULL || again == NULL)
		return -1;
	db_bind_int(note, 1, ours->id);
	db_bind_int(note, 2, op->operation_id);
	/* When an undo is undone, the operation that it took back is in force again. */
	db_bind_int(again, 1, ours->undoes);
	db_bind_int(again, 2, ours->id);
	return db_run(db, note, e) == 0 && db_run(db, again, e) == 0 ? 0 : -1;
}

static int
restore(struct db *db, struct outbox_operation *op, const struct operation *ours,
    const struct candidate *c, int64_t now, struct err *e)
{
	sqlite3_stmt *remember, *change;

	if (op->dry_run)
		return 0;
	if (op->operation_id == 0 && begin_undo(db, op, ours, now, e) != 0)
		return -1;
	remember = db_stmt(db, STMT_OPERATION_REMEMBER, e);
	change = db_stmt(db, STMT_UNDO_RESTORE, e);
	if (remember == NULL || change == NULL)
		return -1;
	db_bind_int(remember, 1, op->operation_id);
	db_bind_int(remember, 2, c->event_id);
	db_bind_int(remember, 3, c->attempts);
	db_bind_int(change, 1, ours->id);
	db_bind_int(change, 2, c->event_id);
	db_bind_int(change, 3, op->operation_id);
	db_bind_int(change, 4, c->attempts);
	if (db_run(db, remember, e) != 0 || db_run(db, change, e) != 0
	    || sites_count_delivered(db, c->event_id, 1, e) != 0)
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
