#include "outbox/operate.h"

#include <stdlib.h>

#include "outbox/db.h"

#define SQL_MAX 4096
#define BIT(status) (1u << (status))

#define REQUEUE_ALWAYS                                                                             \
	(BIT(STATUS_FAILED) | BIT(STATUS_INVALID) | BIT(STATUS_HELD) | BIT(STATUS_DISCARDED)       \
	    | BIT(STATUS_UNSUPPORTED))
#define REQUEUE_NAMED (REQUEUE_ALWAYS | BIT(STATUS_DELIVERED))

const char *
operate_verb_name(enum operate_verb verb)
{
	switch (verb) {
	case OPERATE_REQUEUE:
		return "requeue";
	}
	return "";
}

int
operate_verb_parse(struct slice name, enum operate_verb *ret_verb)
{
	if (!SLICE_IS(name, "requeue"))
		return -1;
	*ret_verb = OPERATE_REQUEUE;
	return 0;
}

unsigned
operate_statuses(enum operate_verb verb, const struct outbox_filter *filter)
{
	bool named = filter->n_ids > 0 || filter->text[FILTER_MESSAGE_ID] != NULL;

	switch (verb) {
	case OPERATE_REQUEUE:
		if (filter->statuses != 0)
			return filter->statuses & REQUEUE_NAMED;
		return named ? REQUEUE_NAMED : REQUEUE_ALWAYS;
	}
	return 0;
}

struct slice_of_ids {
	int64_t id[OPERATE_SLICE];
	size_t n;
	size_t max;
};

static sqlite3_stmt *
prepare_select(struct db *db, const struct outbox_operation *op, struct err *e)
{
	struct outbox_filter f = *op->filter; /* borrows its texts */
	sqlite3_stmt *stmt = NULL;
	struct buf sql;

	f.statuses = operate_statuses(op->verb, &f);
	buf_init(&sql, SQL_MAX);
	buf_append_literal(&sql, "SELECT d.event_id");
	filter_sql(&f, 0, &sql);
	buf_append_literal(&sql, " AND d.event_id <= :last ORDER BY d.event_id LIMIT :rows");
	if (sql.failed)
		err_nomem(e);
	else if (sqlite3_prepare_v2(db->handle, sql.p, (int)sql.n, &stmt, NULL) != SQLITE_OK)
		db_error(db, e, "cannot select events");
	else if (filter_bind(&f, stmt, op->after_event_id, e) != 0) {
		sqlite3_finalize(stmt);
		stmt = NULL;
	}
	buf_free(&sql);
	return stmt;
}

/* Collected before anything changes: an update under a running select may move its rows. */
static int
select_ids(struct db *db, const struct outbox_operation *op, int64_t last, struct slice_of_ids *ids,
    struct err *e)
{
	sqlite3_stmt *stmt = prepare_select(db, op, e);
	int rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, sqlite3_bind_parameter_index(stmt, ":last"), last);
	sqlite3_bind_int64(stmt, sqlite3_bind_parameter_index(stmt, ":rows"), (int64_t)ids->max);
	while ((rc = db_step(db, stmt, e)) == 1)
		ids->id[ids->n++] = db_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc;
}

static int
newest_event(struct db *db, int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_OPERATION_NEWEST_EVENT, e);
	int rc;

	if (stmt == NULL)
		return -1;
	rc = db_step(db, stmt, e);
	if (rc == 1) {
		*ret_id = db_int(stmt, 0);
		db_done(stmt);
	}
	return rc == 1 ? 0 : -1;
}

static int
begin_operation(struct db *db, struct outbox_operation *op, int64_t now, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_OPERATION_BEGIN, e);
	struct buf filter;
	int rc;

	if (stmt == NULL)
		return -1;
	buf_init(&filter, FILTER_MAX_JSON);
	outbox_filter_to_json(op->filter, &filter);
	if (filter.failed) {
		buf_free(&filter);
		return err_nomem(e);
	}
	db_bind_int(stmt, 1, now);
	db_bind_text(stmt, 2, slice_from(op->actor));
	db_bind_text(stmt, 3, slice_from(operate_verb_name(op->verb)));
	db_bind_text(stmt, 4, buf_slice(&filter));
	db_bind_text(stmt, 5, slice_from(op->note));
	rc = db_run(db, stmt, e);
	buf_free(&filter);
	if (rc == 0)
		op->operation_id = sqlite3_last_insert_rowid(db->handle);
	return rc;
}

static enum stmt
change_of(enum operate_verb verb)
{
	switch (verb) {
	case OPERATE_REQUEUE:
		return STMT_OPERATION_REQUEUE;
	}
	return STMT_COUNT;
}

static int
change_event(struct db *db, const struct outbox_operation *op, int64_t event_id, struct err *e)
{
	sqlite3_stmt *remember = db_stmt(db, STMT_OPERATION_REMEMBER, e);
	sqlite3_stmt *change = db_stmt(db, change_of(op->verb), e);

	if (remember == NULL || change == NULL)
		return -1;
	db_bind_int(remember, 1, op->operation_id);
	db_bind_int(remember, 2, event_id);
	db_bind_int(change, 1, event_id);
	return db_run(db, remember, e) == 0 && db_run(db, change, e) == 0 ? 0 : -1;
}

static int
change_events(struct db *db, struct outbox_operation *op, const struct slice_of_ids *ids,
    int64_t now, struct err *e)
{
	sqlite3_stmt *count;

	if (ids->n == 0)
		return 0;
	if (op->operation_id == 0 && begin_operation(db, op, now, e) != 0)
		return -1;
	for (size_t i = 0; i < ids->n; i++)
		if (change_event(db, op, ids->id[i], e) != 0)
			return -1;
	op->n_events += (int64_t)ids->n;
	count = db_stmt(db, STMT_OPERATION_COUNT, e);
	if (count == NULL)
		return -1;
	db_bind_int(count, 1, op->operation_id);
	db_bind_int(count, 2, op->n_events);
	return db_run(db, count, e);
}

static size_t
room_in_slice(const struct outbox_operation *op)
{
	int64_t left = OPERATE_SLICE;

	if (op->filter->limit != 0 && op->filter->limit - op->n_events < left)
		left = op->filter->limit - op->n_events;
	return left > 0 ? (size_t)left : 0;
}

int
operate_apply(struct db *db, struct outbox_operation *op, int64_t now, struct err *e)
{
	struct slice_of_ids ids = { .max = room_in_slice(op) };
	int64_t newest, last;

	op->more = false;
	if (outbox_filter_is_empty(op->filter))
		return err_set(e, ERR_INPUT, "an operation needs a filter");
	if (operate_statuses(op->verb, op->filter) == 0 || ids.max == 0)
		return 0;
	if (newest_event(db, &newest, e) != 0)
		return -1;
	/* Named events are few, wherever they lie. */
	last = op->filter->n_ids > 0 || newest - op->after_event_id <= OPERATE_SCAN
		   ? newest
		   : op->after_event_id + OPERATE_SCAN;
	if (select_ids(db, op, last, &ids, e) != 0 || change_events(db, op, &ids, now, e) != 0)
		return -1;
	op->after_event_id = ids.n == ids.max ? ids.id[ids.n - 1] : last;
	op->more = op->after_event_id < newest && room_in_slice(op) > 0;
	return 0;
}
