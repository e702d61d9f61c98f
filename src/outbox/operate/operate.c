/*
 * Operations on events. One table has the statuses that each verb accepts and the status that it
 * gives. A step selects the next ids by the filter, records the former states, and changes the
 * events. undo.c has the undo. Fails on errors of the database and without memory.
 */
#include "outbox/operate/operate.h"

#include <string.h>

#include "outbox/file/db.h"
#include "outbox/filter/walk.h"
#include "outbox/message_kind.h"
#include "outbox/operate/operate_private.h"
#include "outbox/operate/operation_row.h"
#include "outbox/operate/undo.h"
#include "outbox/write/spans.h"
#include "outbox/write/unresolved.h"

#define BIT(status) (1u << STATUS_##status)
#define UNDELIVERED (BIT(FAILED) | BIT(INVALID) | BIT(HELD) | BIT(UNSUPPORTED))

/* The statuses that each verb accepts, and the status that it gives. */
static const struct verb_row {
	const char *name;
	const char *past;
	unsigned from;
	unsigned from_named; /* accepted, too, when the filter names the events */
	enum event_status to;
	const char *reason;
	bool reset; /* clear the attempts and the limit on batch sizes */
} rows[] = {
	[OPERATE_REQUEUE] = { "requeue", "requeued", UNDELIVERED | BIT(DISCARDED), BIT(DELIVERED),
	    STATUS_PENDING, NULL, true },
	[OPERATE_HOLD] = { "hold", "held", BIT(PENDING), 0, STATUS_HELD, "operator", false },
	[OPERATE_RELEASE] = { "release", "released", BIT(HELD), 0, STATUS_PENDING, NULL, false },
	[OPERATE_DISCARD] = { "discard", "discarded", UNDELIVERED | BIT(PENDING), 0,
	    STATUS_DISCARDED, "operator", false },
	[OPERATE_EXPIRE] = { "expire", "expired", BIT(PENDING) | BIT(HELD), 0, STATUS_FAILED,
	    "expired", false },
	[OPERATE_UNDO] = { .name = "undo", .past = "restored" },
};

#define N_ROWS (sizeof(rows) / sizeof(*rows))

const char *
operate_verb_name(enum operate_verb verb)
{
	return rows[verb].name;
}

const char *
operate_verb_past(enum operate_verb verb)
{
	return rows[verb].past;
}

int
operate_verb_parse(struct slice name, enum operate_verb *ret_verb)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (slice_equals(name, slice_from(rows[i].name))) {
			*ret_verb = (enum operate_verb)i;
			return 0;
		}
	return -1;
}

enum event_status
operate_verb_leaves(enum operate_verb verb)
{
	return rows[verb].to;
}

unsigned
operate_statuses(enum operate_verb verb, const struct outbox_filter *filter)
{
	const struct verb_row *row = &rows[verb];
	bool named = filter->n_ids > 0 || filter->text[FILTER_MESSAGE_ID] != NULL;

	if (filter->statuses != 0)
		return filter->statuses & (row->from | row->from_named);
	return named ? row->from | row->from_named : row->from;
}

struct step_ids {
	int64_t id[OPERATE_STEP];
	size_t n;
	size_t max;
};

/*
 * Collects ids until the step is full or has read enough. ret_last gets the last id up to which all
 * matching events were collected. Nothing changes meanwhile: an update could move rows under a
 * running select.
 */
static int
select_ids(struct filter_walk *walk, struct step_ids *ids, int64_t *ret_last, struct err *e)
{
	int64_t last = *ret_last, scanned = 0, id;
	int rc = 0;

	while (
	    ids->n < ids->max && scanned < OPERATE_SCAN && (rc = filter_walk_next(walk, e)) == 1) {
		/* A portion with a list of ids took a search, which is enough for a step. */
		scanned += walk->by_ids ? OPERATE_SCAN : walk->high - walk->low + 1;
		*ret_last = walk->high;
		db_bind_int_as(&walk->rows, ":rows", (int64_t)(ids->max - ids->n), e);
		while ((rc = stmt_operate_select_next(&walk->rows, &id, e)) == 1)
			ids->id[ids->n++] = id;
	}
	if (rc == 0 && ids->n < ids->max && scanned < OPERATE_SCAN)
		*ret_last = last;
	return rc < 0 ? -1 : 0;
}

/* Collects the ids of the next step, up to *ret_last. */
static int
select_step(struct db *db, const struct outbox_operation *op, struct step_ids *ids,
    int64_t *ret_last, struct err *e)
{
	const struct filter_range range = {
		.low = op->after_event_id + 1,
		.high = op->last_event_id,
		.scan_max = OPERATE_SCAN,
	};
	struct outbox_filter f = *op->filter; /* borrows its texts */
	struct filter_walk walk;
	struct buf sql;
	int rc;

	f.statuses = operate_statuses(op->verb, op->filter);
	*ret_last = op->last_event_id;
	rc = filter_walk_begin(&walk, db, &f, &range, e);
	if (rc == 0) {
		buf_init(&sql, FILTER_SQL_MAX);
		filter_walk_sql(&walk, &sql);
		buf_append_literal(&sql, " ORDER BY d.event_id LIMIT :rows");
		walk.rows = stmt_operate_select(db, &sql, e);
		rc = select_ids(&walk, ids, ret_last, e);
	}
	filter_walk_end(&walk);
	return rc;
}

int
operate_begin(struct db *db, struct outbox_operation *op, int64_t now, struct err *e)
{
	struct operation_row row = {
		.at = now,
		.actor = op->actor,
		.verb = operate_verb_name(op->verb),
		.note = op->note,
		.undoes = op->verb == OPERATE_UNDO ? op->undoes : 0,
	};
	struct buf filter;
	int rc;

	buf_init(&filter, FILTER_MAX_JSON);
	if (op->filter != NULL)
		outbox_filter_to_json(op->filter, &filter);
	else
		buf_printf(&filter, "{\"operation\":%lld}", (long long)op->undoes);
	row.filter = buf_slice(&filter);
	rc = filter.failed ? err_nomem(e) : operation_row_add(db, &row, &op->operation_id, e);
	buf_free(&filter);
	return rc;
}

/*
 * Whether the operator has looked at what the disk changed: who releases everything that is held
 * has not. Without this, the dispatcher holds a damaged event again.
 */
static bool
accepts_damage(const struct outbox_operation *op)
{
	const char *reason = op->filter->text[FILTER_REASON];

	return rows[op->verb].to == STATUS_PENDING
	       && (op->filter->n_ids > 0 || op->filter->text[FILTER_MESSAGE_ID] != NULL
		   || (reason != NULL && strcmp(reason, "damaged") == 0));
}

static int
accept_damage(struct db *db, int64_t event_id, struct err *e)
{
	return stmt_operation_accept(db, event_id, e) == 0
		       && stmt_operation_accept_envelope(db, event_id, e) == 0
		   ? 0
		   : -1;
}

static int
change_event(
    struct db *db, const struct outbox_operation *op, int64_t event_id, int64_t now, struct err *e)
{
	const struct verb_row *row = &rows[op->verb];
	const struct stmt_operation_remember remember = {
		.operation_id = op->operation_id,
		.event_id = event_id,
		.attempts_left = db_int_if(row->reset, 0),
	};
	const struct stmt_operation_change change = {
		.event_id = event_id,
		.status = status_name(row->to),
		.reason = row->reason,
		.settled_at = db_int_if(row->to != STATUS_PENDING, now),
		.operation_id = op->operation_id,
		.afresh = row->reset,
	};

	if (accepts_damage(op) && accept_damage(db, event_id, e) != 0)
		return -1;
	if (spans_leave_one(db, event_id, e) != 0 || stmt_operation_remember(db, &remember, e) != 0
	    || stmt_operation_change(db, &change, e) != 0)
		return -1;
	return row->to == STATUS_PENDING ? unresolved_check_event(db, event_id, now, e) : 0;
}

static int
change_events(struct db *db, struct outbox_operation *op, const struct step_ids *ids, int64_t now,
    struct err *e)
{
	if (ids->n == 0)
		return 0;
	if (op->operation_id == 0 && operate_begin(db, op, now, e) != 0)
		return -1;
	for (size_t i = 0; i < ids->n; i++)
		if (change_event(db, op, ids->id[i], now, e) != 0)
			return -1;
	op->n_events += (int64_t)ids->n;
	return operation_row_count(db, op->operation_id, op->n_events, e);
}

static size_t
room_in_step(const struct outbox_operation *op)
{
	int64_t left = OPERATE_STEP;

	if (op->filter->limit != 0 && op->filter->limit - op->n_events < left)
		left = op->filter->limit - op->n_events;
	return left > 0 ? (size_t)left : 0;
}

int
operate_step(struct db *db, struct outbox_operation *op, int64_t now, struct err *e)
{
	struct step_ids ids = { .n = 0 };
	int64_t last;
	int rc;

	op->more = false;
	if (op->verb == OPERATE_UNDO)
		return undo_step(db, op, now, e);
	if (outbox_filter_is_empty(op->filter))
		return err_set(e, ERR_INPUT, "an operation needs a filter");
	ids.max = room_in_step(op);
	if (operate_statuses(op->verb, op->filter) == 0 || ids.max == 0)
		return 0;
	/* Events that arrive later are not included: with a busy ingest there would be no end. */
	if (op->last_event_id == 0 && stmt_newest_event(db, &op->last_event_id, e) != 1)
		return -1;
	rc = select_step(db, op, &ids, &last, e);
	if (rc != 0 || change_events(db, op, &ids, now, e) != 0)
		return -1;
	op->after_event_id = ids.n == ids.max ? ids.id[ids.n - 1] : last;
	op->more = op->after_event_id < op->last_event_id && room_in_step(op) > 0;
	return 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_operation *op = (struct outbox_operation *)msg;

	if (operate_step(t->db, op, t->now, e) != 0)
		return -1;
	t->changed = t->changed || !op->dry_run;
	return 0;
}

const struct message_kind outbox_operation_kind = {
	.name = "operation",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
	.space = SPACE_WORK,
};
